import type { Family, IpAddress } from "@p2pd/address";
import type { LibcAccess } from "../libc/types.js";
import type { DeviceBinding, RouteNic } from "../types.js";

/** Where the sockets of a factory sit: decided once, when the route is bound. */
export interface Seat {
	readonly af: Family;
	readonly nic: RouteNic | null;
	/** The address to bind; the any-address where the kernel chooses. Has a zone if it is link-local. */
	readonly ip: IpAddress;
	/** The NIC's link-local address (IPv6), with its zone: the source for link-local destinations. */
	readonly linkLocal: IpAddress | null;
	/** The port of sockets that are not told another; 0 for one of their own each. */
	readonly port: number;
	readonly binding: DeviceBinding;
	/** Whether the address is routed to this machine without being on a NIC (Linux), so that binding it takes IP_FREEBIND. */
	readonly freeBind: boolean;
	/** Whether a socket that is not bound to the device is refused. */
	readonly strict: boolean;
}

/** Where one socket sits, now that its destination is known or known to be open. */
export interface Place {
	/** The address to bind, or null to leave it to the kernel. */
	readonly ip: IpAddress | null;
	/** Whether binding it takes IP_FREEBIND. */
	readonly freeBind: boolean;
	/** The NIC to bind the socket to, or null for none. */
	readonly device: RouteNic | null;
	/** The destination, with its zone if it is link-local; null if there is no single one. */
	readonly to: IpAddress | null;
}

/** What the environment gives; tests put their own in its place. */
export interface SocketDeps {
	/** Gives libc, or says why there is none. Must not throw. */
	readonly libc: () => LibcAccess;
	readonly platform: NodeJS.Platform;
	/** Monotonic, in ms. */
	readonly now: () => number;
	/** The `rp_filter` in force on a NIC: 0 off, 1 strict, 2 loose; null where it cannot be read. */
	readonly reversePathFilter: (nic: string) => number | null;
}
