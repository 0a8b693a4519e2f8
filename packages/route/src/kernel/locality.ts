import { createSocket } from "node:dgram";
import type { IpAddress } from "@p2pd/address";
import { RouteSocketError } from "../errors.js";
import { waitForSocket } from "../sockets/wait.js";
import { openDescriptor } from "./descriptor.js";
import type { Libc } from "./libc.js";
import type { SocketNumbers } from "./numbers.js";
import { askRoutes, RTN_BROADCAST, RTN_LOCAL } from "./route-query.js";
import type { SocketDeps } from "./system.js";

/**
 * Whether an address is this machine's own. `"bindable"`: like any address of a NIC. `"routed"`: the kernel treats it as
 * local (`ip route add local`), and in IPv6 a socket can bind it with IP_FREEBIND only. `"broadcast"`: a socket may bind
 * it, but then sends from another address. `"unknown"`: the kernel could not be asked.
 */
export type Locality = "bindable" | "routed" | "broadcast" | "absent" | "unknown";

/** Finds out whether an address is this machine's own. Sends nothing. */
export function localityOf(ip: IpAddress, deps: SocketDeps): Locality {
	if (ip.isUnspecified || ip.isLinkLocal || ip.isLoopback) return "bindable";
	if (deps.isNicAddress?.(ip.toString()) === true) return "bindable";
	const access = deps.libc();
	if (!access.available) return "unknown";
	const { libc, numbers } = access;
	const bindable = canBind(ip, libc, numbers);
	if (numbers.os !== "linux") return bindable ? "bindable" : "absent";
	const question = { direction: "out", device: null, from: null, to: ip } as const;
	const kind = askRoutes(libc, [question])[0]?.kind;
	if (kind === RTN_BROADCAST) return "broadcast";
	if (bindable) return "bindable";
	return kind === RTN_LOCAL ? "routed" : "absent";
}

/** The same without libc: a socket binds the address, and connects to it to tell a broadcast address. Sends nothing. */
export async function localityByNode(ip: IpAddress): Promise<Locality> {
	const socket = createSocket(ip.af === 4 ? "udp4" : "udp6");
	const step = (event: "listening" | "connect", start: () => void): Promise<void> =>
		waitForSocket(socket, {
			event,
			start,
			abandon: () => undefined,
			call: event,
			subject: `${ip}`,
			signal: undefined,
		});
	try {
		await step("listening", () => socket.bind({ address: `${ip}`, exclusive: true }));
		await step("connect", () => socket.connect(socket.address().port, `${ip}`));
		return "bindable";
	} catch (error) {
		return error instanceof RouteSocketError && error.errno === "EACCES" ? "broadcast" : "absent";
	} finally {
		socket.close();
	}
}

function canBind(ip: IpAddress, libc: Libc, numbers: SocketNumbers): boolean {
	try {
		libc.close(
			openDescriptor(libc, numbers, { af: ip.af, type: "dgram", device: null, bind: { ip, port: 0 } }),
		);
		return true;
	} catch (error) {
		if (error instanceof RouteSocketError && error.errno === "EADDRNOTAVAIL") return false;
		throw error;
	}
}
