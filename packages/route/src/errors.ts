import type { Family } from "@p2pd/address";

/*
 * RouteError
 * ├── RouteValueError         ERR_ROUTE_VALUE           an option, a range or a dictionary is not what it must be
 * ├── RouteFamilyError        ERR_ROUTE_FAMILY          an address of the other family
 * ├── RouteZoneError          ERR_ROUTE_ZONE            a link-local address and no link to have it on, or two
 * ├── RouteNoAddressError     ERR_ROUTE_NO_ADDRESS      the route has no address of its own that would do
 * ├── RoutePoolEndError       ERR_ROUTE_POOL_END        pop() after the last address
 * ├── RoutePoolMissingError   ERR_ROUTE_NO_POOL         alternatives of a route that is in no pool
 * ├── NativeMissingError      ERR_ROUTE_NATIVE_MISSING  an option that needs the native part, and it is not there
 * ├── DeviceBindingError      ERR_ROUTE_DEVICE_BINDING  the device was insisted on, and the system refuses it
 * ├── UnreachableError        ERR_ROUTE_UNREACHABLE     this NIC cannot carry packets there, or answers back
 * └── SocketError             ERR_ROUTE_SOCKET          the system refused a socket; says at which call, and why
 */

/** What every error of this package is. */
export class RouteError extends Error {
	override readonly name: string = "RouteError";
	/** Stable and for programs; the message is for people and may change. */
	readonly code: string;

	constructor(code: string, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** A value that cannot be: a port of 70000, a route of mixed families, a dictionary without its keys. */
export class RouteValueError extends RouteError {
	override readonly name = "RouteValueError";
	/** Which value: an option's name or a path into the dictionary. */
	readonly field: string;

	constructor(field: string, reason: string, options?: ErrorOptions) {
		super("ERR_ROUTE_VALUE", `${field}: ${reason}`, options);
		this.field = field;
	}
}

/** An address of one family given to a route of the other. */
export class RouteFamilyError extends RouteError {
	override readonly name = "RouteFamilyError";
	readonly ip: string;
	/** The route's family. */
	readonly af: Family;

	constructor(ip: string, af: Family) {
		super("ERR_ROUTE_FAMILY", `${ip} is not an IPv${af} address, and the route is an IPv${af} route`);
		this.ip = ip;
		this.af = af;
	}
}

/** A link-local address is on one link, and which is not known, or is not this route's. */
export class RouteZoneError extends RouteError {
	override readonly name = "RouteZoneError";
	readonly ip: string;

	constructor(ip: string, reason: string) {
		super("ERR_ROUTE_ZONE", `${ip}: ${reason}`);
		this.ip = ip;
	}
}

/** The route has no address of its own to bind: give `ips`. */
export class RouteNoAddressError extends RouteError {
	override readonly name = "RouteNoAddressError";

	constructor(reason: string, options?: ErrorOptions) {
		super("ERR_ROUTE_NO_ADDRESS", reason, options);
	}
}

/** `pop()` has given every address of the pool. */
export class RoutePoolEndError extends RouteError {
	override readonly name = "RoutePoolEndError";

	constructor() {
		super("ERR_ROUTE_POOL_END", "the pool has no more addresses");
	}
}

/** Alternatives are other routes of a pool, and this route is in none. */
export class RoutePoolMissingError extends RouteError {
	override readonly name = "RoutePoolMissingError";

	constructor() {
		super("ERR_ROUTE_NO_POOL", "the route is in no pool, so it has no alternatives");
	}
}

/** An option that only libc can set was asked for, and the native part is absent on this platform. */
export class NativeMissingError extends RouteError {
	override readonly name = "NativeMissingError";
	/** The option that asked, by its name in this package. */
	readonly option: string;

	constructor(option: string, reason: string, options?: ErrorOptions) {
		super("ERR_ROUTE_NATIVE_MISSING", `${option} needs the native part: ${reason}`, options);
		this.option = option;
	}
}

/** The sockets were to be bound to the device (strict mode), and they cannot be. */
export class DeviceBindingError extends RouteError {
	override readonly name = "DeviceBindingError";
	/** The NIC's name; null where the route has none. */
	readonly nic: string | null;

	constructor(nic: string | null, reason: string, options?: ErrorOptions) {
		super("ERR_ROUTE_DEVICE_BINDING", `${nic ?? "no NIC"}: ${reason}`, options);
		this.nic = nic;
	}
}

/** Why packets by a NIC get nowhere: nothing routes them, or the kernel would drop the answers. */
export type UnreachableProblem = "no-gateway" | "rp-filter";

/** The kernel says beforehand that this NIC cannot reach the destination; waiting would end in a time-out. */
export class UnreachableError extends RouteError {
	override readonly name = "UnreachableError";
	readonly problem: UnreachableProblem;
	readonly nic: string;
	readonly ip: string;

	constructor(problem: UnreachableProblem, nic: string, ip: string, reason: string) {
		super("ERR_ROUTE_UNREACHABLE", `${ip} by ${nic}: ${reason}`);
		this.problem = problem;
		this.nic = nic;
		this.ip = ip;
	}
}

/** The system refused. Nothing is left open. */
export class SocketError extends RouteError {
	override readonly name = "SocketError";
	/** The call that failed: `socket`, `setsockopt SO_BINDTODEVICE`, `bind`, `connect`, `listen`, ... */
	readonly call: string;
	/** The system's name for the reason: `EADDRINUSE`, `EADDRNOTAVAIL`, `ENODEV`, `EPERM`, ... */
	readonly errno: string;
	/** What the call was about: `192.168.0.20:4000`, a device name; null where there is nothing to say. */
	readonly subject: string | null;

	constructor(call: string, errno: string, subject: string | null, options?: ErrorOptions) {
		super("ERR_ROUTE_SOCKET", `${call}${subject === null ? "" : ` ${subject}`}: ${errno}`, options);
		this.call = call;
		this.errno = errno;
		this.subject = subject;
	}
}
