import type { ArgumentProblem, Family } from "@p2pd/net";

/*
 * RouteError
 * ├── RouteValueError          ERR_ROUTE_VALUE           an argument, an option or a dictionary is invalid (says where)
 * ├── RouteFamilyError         ERR_ROUTE_FAMILY          an address of the other family
 * ├── RouteZoneError           ERR_ROUTE_ZONE            a link-local address without a link, or on another link
 * ├── RouteNoAddressError      ERR_ROUTE_NO_ADDRESS      the route has no suitable address of its own
 * ├── RoutePoolEndError        ERR_ROUTE_POOL_END        pop() after the last address
 * ├── RoutePoolMissingError    ERR_ROUTE_NO_POOL         alternatives of a route that is in no pool
 * ├── RouteNativeMissingError  ERR_ROUTE_NATIVE_MISSING  an option needs the native part, which is missing
 * ├── RouteDeviceBindingError  ERR_ROUTE_DEVICE_BINDING  strict mode, and the system refuses to bind to the device
 * ├── RouteUnreachableError    ERR_ROUTE_UNREACHABLE     this NIC has no way to the destination, or drops the answers
 * └── RouteSocketError         ERR_ROUTE_SOCKET          the system refused a socket (says at which call, and why)
 */

/** The stable codes of this package's errors. */
export type RouteErrorCode =
	| "ERR_ROUTE_VALUE"
	| "ERR_ROUTE_FAMILY"
	| "ERR_ROUTE_ZONE"
	| "ERR_ROUTE_NO_ADDRESS"
	| "ERR_ROUTE_POOL_END"
	| "ERR_ROUTE_NO_POOL"
	| "ERR_ROUTE_NATIVE_MISSING"
	| "ERR_ROUTE_DEVICE_BINDING"
	| "ERR_ROUTE_UNREACHABLE"
	| "ERR_ROUTE_SOCKET";

/** Any error of this package. */
export class RouteError extends Error {
	override readonly name: string = "RouteError";
	/** Stable, for programs. The message is for people and may change. */
	readonly code: RouteErrorCode;

	constructor(code: RouteErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** An invalid value: a port of 70000, an unknown option, a route of mixed families, a dictionary without its keys. */
export class RouteValueError extends RouteError {
	override readonly name = "RouteValueError";
	/** Which value: an argument's or option's name, or a path into the dictionary. */
	readonly field: string;

	constructor(field: string, reason: string, options?: ErrorOptions) {
		super("ERR_ROUTE_VALUE", `${field} ${reason}`, options);
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
		super("ERR_ROUTE_FAMILY", `${ip} is not an IPv${af} address, and this is an IPv${af} route`);
		this.ip = ip;
		this.af = af;
	}
}

/** A link-local address belongs to one link, and that link is unknown or is not this route's. */
export class RouteZoneError extends RouteError {
	override readonly name = "RouteZoneError";
	readonly ip: string;

	constructor(ip: string, reason: string) {
		super("ERR_ROUTE_ZONE", `${ip} ${reason}`);
		this.ip = ip;
	}
}

/** The route has no suitable address of its own to bind: give `ips`. */
export class RouteNoAddressError extends RouteError {
	override readonly name = "RouteNoAddressError";

	constructor(reason: string, options?: ErrorOptions) {
		super("ERR_ROUTE_NO_ADDRESS", reason, options);
	}
}

/** `pop()` has returned every address of the pool. */
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
		super("ERR_ROUTE_NO_POOL", "the route is not part of a pool, so it has no alternatives");
	}
}

/** An option that only libc can set was asked for, and this platform or installation lacks the native part. */
export class RouteNativeMissingError extends RouteError {
	override readonly name = "RouteNativeMissingError";
	/** The option that needs it, by its name in this package. */
	readonly option: string;

	constructor(option: string, reason: string, options?: ErrorOptions) {
		super("ERR_ROUTE_NATIVE_MISSING", `${option} needs the native part: ${reason}`, options);
		this.option = option;
	}
}

/** Sockets had to be bound to the device (strict mode), and they cannot be. */
export class RouteDeviceBindingError extends RouteError {
	override readonly name = "RouteDeviceBindingError";
	/** The NIC's name; null where the route has no NIC. */
	readonly nic: string | null;

	constructor(nic: string | null, reason: string, options?: ErrorOptions) {
		super("ERR_ROUTE_DEVICE_BINDING", `${nic ?? "no NIC"}: ${reason}`, options);
		this.nic = nic;
	}
}

/** Why packets by a NIC get nowhere: it has no route to the destination, or the kernel would drop the answers. */
export type UnreachableProblem = "no-gateway" | "rp-filter";

/** The kernel says beforehand that this NIC cannot reach the destination; waiting would end in a time-out. */
export class RouteUnreachableError extends RouteError {
	override readonly name = "RouteUnreachableError";
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

/** The system refused a socket. Nothing is left open. */
export class RouteSocketError extends RouteError {
	override readonly name = "RouteSocketError";
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

/** Throws RouteValueError (`ERR_ROUTE_VALUE`) if a check found something. */
export function refuse(problem: ArgumentProblem | null): void {
	if (problem !== null) throw new RouteValueError(problem.path, problem.message);
}
