import { networkInterfaces } from "node:os";
import type { IpAddress } from "@p2pd/address";
import { SocketError } from "../errors.js";
import type { SocketDeps } from "./types.js";

/**
 * Throws SocketError (ENODEV) for a zone that names no NIC. From Node 22 on a connection to such an address
 * neither stands nor fails, ever. Except on Windows Node knows NICs by name only: a number is none, unless it is
 * the index of the route's own NIC, which has become its name by now.
 */
export function refuseUnknownZone(ip: IpAddress, deps: SocketDeps): void {
	if (ip.zone === null || deps.platform === "win32") return;
	const access = deps.libc();
	const known = access.available
		? access.libc.nicIndex(ip.zone) !== 0
		: networkInterfaces()[ip.zone] !== undefined;
	if (!known) throw new SocketError("if_nametoindex", "ENODEV", ip.zone);
}
