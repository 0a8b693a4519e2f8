import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { HostPort } from "../../../src/index.js";
import { reflector } from "./reflector.js";

async function bound({ ip, port }: HostPort): Promise<Socket> {
	const socket = createSocket(ip.includes(":") ? "udp6" : "udp4");
	socket.bind(port, ip);
	await once(socket, "listening");
	return socket;
}

/** Runs a reflector on real sockets, for good. */
export async function run(endpoints: readonly HostPort[]): Promise<void> {
	const sockets = await Promise.all(endpoints.map(bound));
	for (const [i, socket] of sockets.entries()) {
		socket.on("message", (data, { address, port }) => {
			const here = endpoints[i] as HostPort;
			for (const reply of reflector(data, { ip: address, port }, here)) {
				const to = reply.to ?? { ip: address, port };
				const from = reply.from ?? here;
				const sender = sockets[endpoints.findIndex((one) => one.ip === from.ip && one.port === from.port)];
				sender?.send(reply.data, to.port, to.ip);
			}
		});
	}
	await new Promise(() => undefined);
}
