import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, Socket as TcpSocket } from "node:net";
import { is } from "@p2pd/net";
import { PipeBindError, PipeOptionError } from "../errors.js";
import type { Pipe, PipePeer } from "../types.js";
import type { Candidate } from "./routes.js";
import { type Opening, tcpClientOver, tcpServerOver, udpOver } from "./sockets.js";
import type { PipeAdoptedSocket } from "./types.js";

/*
 * Sockets are told apart by their methods, not by their class: they may come from another realm, a wrapper or the
 * in-memory network.
 */

/**
 * A pipe over an existing socket. A TCP descriptor with a destination is connected to it; without one it listens.
 *
 * @throws PipeOptionError if it is not a socket that a pipe can use, PipeBindError for a bad descriptor
 */
export async function openAdopted(
	opening: Opening,
	socket: PipeAdoptedSocket,
	candidates: readonly Candidate[] | null,
): Promise<Pipe> {
	const [best] = candidates ?? [];
	const remote: PipePeer | null = best === undefined ? null : [best.ip, best.port];
	if (opening.protocol === "udp") {
		const bound = isDescriptor(socket) ? await udpOfDescriptor(socket.fd, opening.af) : socket;
		checkUdp(bound);
		return udpOver(opening, bound, remote);
	}
	if (isDescriptor(socket)) {
		if (remote === null) return tcpServerOver(opening, await serverOfDescriptor(socket.fd));
		return tcpClientOver(opening, streamOfDescriptor(socket.fd), remote);
	}
	if (isServer(socket)) {
		const address = socket.address();
		if (address === null || typeof address === "string") throw refusal("does not listen on a TCP port");
		return tcpServerOver(opening, socket);
	}
	checkStream(socket, remote);
	return tcpClientOver(opening, socket, remote);
}

function isDescriptor(socket: PipeAdoptedSocket): socket is { readonly fd: number } {
	if (!("fd" in socket)) return false;
	const problem = is.whole(0, 2 ** 31 - 1)(socket.fd, "socket.fd");
	if (problem !== null) throw new PipeOptionError(problem.path, problem.message);
	return true;
}

function isServer(socket: object): socket is Server {
	return hasMethods(socket, "address", "close", "on", "off") && "listening" in socket;
}

function checkStream(socket: object, remote: PipePeer | null): asserts socket is TcpSocket {
	if (!hasMethods(socket, "write", "end", "pause", "resume", "destroy", "on", "off")) {
		throw refusal("must be a TCP socket, a server, or a descriptor { fd }");
	}
	const { connecting, destroyed, remotePort } = socket as TcpSocket;
	if (destroyed) throw refusal("is closed");
	if (connecting) throw refusal("is not connected yet");
	if (remotePort === undefined && remote === null)
		throw refusal("has no peer: it is not connected, or give dest");
}

function checkUdp(socket: object): asserts socket is UdpSocket {
	if (!hasMethods(socket, "address", "send", "close", "on", "off")) {
		throw refusal("must be a bound UDP socket, or a descriptor { fd }");
	}
	try {
		(socket as UdpSocket).address();
	} catch (cause) {
		throw refusal("is not bound, or is closed", cause);
	}
}

function hasMethods(socket: object, ...names: readonly string[]): boolean {
	return names.every((name) => typeof (socket as Record<string, unknown>)[name] === "function");
}

function refusal(message: string, cause?: unknown): PipeOptionError {
	return new PipeOptionError("socket", message, { cause });
}

function streamOfDescriptor(fd: number): TcpSocket {
	try {
		return new TcpSocket({ fd });
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

function badDescriptor(fd: number, cause: unknown): PipeBindError {
	return new PipeBindError(`descriptor ${fd} cannot be used: ${(cause as Error).message}`, { cause });
}
