import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import type { Family, StreamSockets, UdpSockets } from "@p2pd/net";

/** Sockets of this machine's, bound to one loopback address. */
export function loopback(ip: string): UdpSockets & StreamSockets {
	const af: Family = ip.includes(":") ? 6 : 4;
	return {
		af,
		udp: async () => {
			const socket = createSocket(af === 4 ? "udp4" : "udp6");
			socket.bind(0, ip);
			await once(socket, "listening");
			return socket;
		},
		connect: async ({ ip: host, port, signal }) => {
			const socket = connect({ host, port, localAddress: ip });
			const abort = (): void => void socket.destroy(signal?.reason);
			signal?.addEventListener("abort", abort, { once: true });
			try {
				await once(socket, "connect");
			} finally {
				signal?.removeEventListener("abort", abort);
			}
			return socket;
		},
	};
}
