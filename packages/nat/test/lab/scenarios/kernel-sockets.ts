import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import type { NatSockets } from "../../../src/index.js";

/** Node's own sockets, as the kernel routes them. */
export function kernelSockets(af: 4 | 6, localIp = af === 4 ? "0.0.0.0" : "::"): NatSockets {
	return {
		af,
		localIp,
		async udp({ port = 0 } = {}) {
			const socket = createSocket({ type: af === 4 ? "udp4" : "udp6", ipv6Only: af === 6 });
			socket.bind(port, localIp);
			await once(socket, "listening");
			return socket;
		},
		async connect({ ip, port, localPort, signal }) {
			const socket = connect({ host: ip, port, ...(localPort === undefined ? {} : { localPort }) });
			const abort = (): unknown => socket.destroy(new Error("aborted"));
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
