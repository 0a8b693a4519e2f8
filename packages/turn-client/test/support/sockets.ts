import { createSocket, type Socket as DgramSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { SocketFactory } from "@p2pd/net";

/** Sockets of this machine's, bound to one loopback address. */
export function loopback(ip: string): SocketFactory {
	const af = ip.includes(":") ? 6 : 4;
	return {
		af,
		nic: null,
		localIp: ip,
		udp: async ({ port = 0 } = {}) => {
			const socket = createSocket(af === 4 ? "udp4" : "udp6");
			socket.bind(port, ip);
			await once(socket, "listening");
			return socket;
		},
		connect: async ({ ip: host, port, localPort = 0, signal }) => {
			const socket = connect({ host, port, localAddress: ip, localPort });
			const abort = (): void => void socket.destroy();
			signal?.addEventListener("abort", abort, { once: true });
			try {
				await once(socket, "connect");
			} finally {
				signal?.removeEventListener("abort", abort);
			}
			return socket;
		},
		listen: async ({ port = 0 } = {}) => {
			const server = createServer();
			server.listen(port, ip);
			await once(server, "listening");
			return server;
		},
	};
}

/** A UDP socket that sends everything back. */
export async function echo(ip: string): Promise<DgramSocket> {
	const socket = await loopback(ip).udp();
	socket.on("message", (data, { address, port }) => socket.send(data, port, address));
	return socket;
}

/** The next datagram: its text and whom it is from. */
export async function nextMessage(socket: DgramSocket): Promise<{ text: string; ip: string; port: number }> {
	const [data, from] = (await once(socket, "message")) as [Buffer, { address: string; port: number }];
	return { text: String(data), ip: from.address, port: from.port };
}

/** Sends, and rejects with what the callback is given. */
export function send(
	socket: DgramSocket,
	data: string | Uint8Array,
	to: { ip: string; port: number },
): Promise<void> {
	return new Promise((resolve, reject) => {
		socket.send(data, to.port, to.ip, (error) => (error ? reject(error) : resolve()));
	});
}

/** Closes a socket. */
export function close(socket: DgramSocket): Promise<void> {
	return new Promise((resolve) => {
		socket.close(resolve);
	});
}

/** A socket's address, as an endpoint. */
export function endpointOf(socket: DgramSocket): { ip: string; port: number } {
	const { address, port } = socket.address();
	return { ip: address, port };
}
