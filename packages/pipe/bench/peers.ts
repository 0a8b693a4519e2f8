import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/*
 * The other side of every measurement: bare Node sockets, the same for baseline and candidate, so that only
 * the side that is measured differs. All on the loopback.
 */

/** A bare TCP server. */
export async function bareServer(
	onConnection: (socket: Socket) => void,
): Promise<Server & { readonly port: number }> {
	const server = createServer(onConnection).listen(0, "127.0.0.1");
	await once(server, "listening");
	return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

/** A bare TCP connection. */
export async function bareClient(port: number): Promise<Socket> {
	const socket = connect({ host: "127.0.0.1", port, noDelay: true });
	await once(socket, "connect");
	return socket;
}

/** A bare UDP socket, bound. */
export async function bareUdp(): Promise<UdpSocket> {
	const socket = createSocket("udp4");
	socket.bind(0, "127.0.0.1");
	await once(socket, "listening");
	return socket;
}
