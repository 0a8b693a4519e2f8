import { createSocket } from "node:dgram";
import type { IpAddress } from "@p2pd/address";
import { SocketError } from "../errors.js";
import { askRoutes, RTN_BROADCAST, RTN_LOCAL } from "../libc/ask-route.js";
import { openDescriptor } from "../libc/descriptor.js";
import type { Libc, SocketNumbers } from "../libc/types.js";
import type { SocketDeps } from "./types.js";
import { until } from "./until.js";

/**
 * How far an address is this machine's own. `"bindable"`: as any address of a NIC. `"routed"`: the kernel has it
 * as local (`ip route add local`), and in IPv6 lets a socket have it with IP_FREEBIND only. `"broadcast"`: a
 * socket may bind it, and then sends from another address. `"unknown"`: nobody could be asked.
 */
export type Locality = "bindable" | "routed" | "broadcast" | "absent" | "unknown";

/** Finds out, on a socket that sends nothing. */
export function localityOf(ip: IpAddress, deps: SocketDeps): Locality {
	if (ip.isUnspecified || ip.isLinkLocal || ip.isLoopback) return "bindable";
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

/** The same without libc, for one address that is in doubt: a broadcast address cannot be connected to. */
export async function localityByNode(ip: IpAddress): Promise<Locality> {
	const socket = createSocket(ip.af === 4 ? "udp4" : "udp6");
	const step = (event: "listening" | "connect", start: () => void): Promise<void> =>
		until(socket, {
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
		return error instanceof SocketError && error.errno === "EACCES" ? "broadcast" : "absent";
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
		if (error instanceof SocketError && error.errno === "EADDRNOTAVAIL") return false;
		throw error;
	}
}
