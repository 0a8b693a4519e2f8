import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { UdpSockets } from "./asker.js";

/** Node's own sockets, bound to one address (by default: to whatever the kernel chooses). */
export function realSockets(ip: string): UdpSockets {
	return {
		async udp({ port = 0 } = {}) {
			const socket = createSocket(ip.includes(":") ? "udp6" : "udp4");
			socket.bind(port, ip);
			await once(socket, "listening");
			return socket;
		},
	};
}
