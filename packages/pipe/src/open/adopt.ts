import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, Server, Socket } from "node:net";
import { PipeBindError, PipeOptionError } from "../errors.js";
import type { Pipe } from "../pipe.js";
import type { AdoptedSocket, Peer, PipeEndpoint } from "../types.js";
import type { Opening } from "./opening.js";
import { tcpClientOver, tcpServerOver } from "./tcp.js";
import { udpOver } from "./udp.js";

/**
 * A pipe over a socket that exists. A TCP socket with a destination is connected to it; without one it listens,
 * unless it is a `net.Socket`, which knows its peer.
 *
 * @throws PipeOptionError if it is not a socket that the pipe can be made of, PipeBindError for a bad descriptor
 */
export async function openAdopted(
	opening: Opening,
	socket: AdoptedSocket,
	endpoints: readonly PipeEndpoint[] | null,
): Promise<Pipe> {
	const [best] = endpoints ?? [];
	const remote: Peer | null = best === undefined ? null : [best.ip, best.port];
	if (opening.protocol === "udp") {
		const bound = "fd" in socket ? await udpOfDescriptor(socket.fd, opening.af) : udpSocket(socket);
		return udpOver(opening, bound, remote);
	}
	if (socket instanceof Server) return tcpServerOver(opening, socket);
	if (isStream(socket)) {
		if (socket.connecting) throw new PipeOptionError("socket", "not connected yet");
		return tcpClientOver(opening, socket, remote);
	}
	if (!("fd" in socket)) throw new PipeOptionError("socket", "not a TCP socket, server, nor a descriptor");
	if (remote === null) return tcpServerOver(opening, await serverOfDescriptor(socket.fd));
	return tcpClientOver(opening, streamOfDescriptor(socket.fd), remote);
}

function streamOfDescriptor(fd: number): Socket {
	try {
		return new Socket({ fd });
	} catch (cause) {
		throw badDescriptor(fd, cause);
	}
}

async function serverOfDescriptor(fd: number): Promise<Server> {
	const server = createServer();
	try {
		server.listen({ fd });
		await once(server, "listening");
		return server;
	} catch (cause) {
		throw badDescriptor(fd, cause);
	}
}

function badDescriptor(fd: number, cause: unknown): PipeBindError {
	return new PipeBindError(`descriptor ${fd} cannot be used: ${(cause as Error).message}`, { cause });
}

function isStream(socket: AdoptedSocket): socket is Socket {
	return "write" in socket && "remotePort" in socket;
}

function udpSocket(socket: AdoptedSocket): UdpSocket {
	if ("address" in socket && "send" in socket) return socket;
	throw new PipeOptionError("socket", "not a bound UDP socket, nor a descriptor");
}

async function udpOfDescriptor(fd: number, af: 4 | 6): Promise<UdpSocket> {
	const socket = createSocket(af === 6 ? "udp6" : "udp4");
	try {
		socket.bind({ fd });
		await once(socket, "listening");
		return socket;
	} catch (cause) {
		socket.close();
		throw badDescriptor(fd, cause);
	}
}
