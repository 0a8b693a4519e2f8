import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { IP4 } from "../family.js";
import type { Family } from "../types.js";
import type { DnsSockets } from "./types.js";

/** Sockets that the kernel routes as it does for any program: for named servers without a route. */
export function kernelSockets(af: Family): DnsSockets {
	return {
		af,
		async udp() {
			const socket = createSocket({ type: af === IP4 ? "udp4" : "udp6" });
			socket.bind();
			try {
				await once(socket, "listening");
			} catch (error) {
				socket.close();
				throw error;
			}
			return socket;
		},
		async connect({ ip, port, signal }) {
			const socket = connect({ host: ip, port });
			try {
				await once(socket, "connect", signal === undefined ? {} : { signal });
			} catch (error) {
				socket.destroy();
				throw error;
			}
			return socket;
		},
	};
}
