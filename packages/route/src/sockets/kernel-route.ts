import type { Family } from "@p2pd/address";
import { BoundSockets } from "./bound-sockets.js";
import { systemDeps } from "./deps.js";
import { anyIp } from "./place.js";
import type { SocketDeps } from "./types.js";

/** The kernel's own choice of NIC and address, as a socket factory: what a program has without routes. */
export function kernelRoute(af: Family, deps: SocketDeps = systemDeps): BoundSockets {
	const seat = {
		af,
		nic: null,
		ip: anyIp(af),
		linkLocal: null,
		port: 0,
		freeBind: false,
		binding: "source-address",
		strict: false,
	} as const;
	return new BoundSockets(seat, "the kernel chooses the NIC", deps);
}
