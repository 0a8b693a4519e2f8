import type { Socket as UdpSocket } from "node:dgram";
import type { Server as TcpServer, Socket as TcpSocket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Family } from "@p2pd/net";
import { PipeBindError, PipeOptionError } from "../errors.js";
import type { InitialCallbacks, PipeInit } from "../lifecycle.js";
import { peerText } from "../peer.js";
import { connectionPipe, serverPipe } from "../pipe.js";
import { NO_OPTIONS, type Settings } from "../settings.js";
import { TlsAcceptor } from "../tls/acceptor.js";
import { tlsClient } from "../tls/client.js";
import { tlsInfo } from "../tls/context.js";
import { TcpTransport } from "../transport/tcp.js";
import { connectedPeer, UdpTransport } from "../transport/udp.js";
import type { Pipe, PipePeer, PipeProtocol, PipeRole } from "../types.js";
import { type AttemptOptions, race } from "./race.js";
import type { Candidate } from "./routes.js";
import type { PipeOptions, PipeSockets } from "./types.js";

/** A pipe about to be opened: everything that is known before there is a socket. */
export interface Opening {
	readonly protocol: PipeProtocol;
	readonly options: PipeOptions;
	readonly settings: Settings;
	/** The factory that a server's socket comes from, and adopted sockets belong to. */
	readonly sockets: PipeSockets;
	/** The destination's host as the caller gave it; null on a server. */
	readonly host: string | null;
	readonly af: Family;
}

/** Connects to the best of the candidates. */
export async function openTcpClient(opening: Opening, candidates: readonly Candidate[]): Promise<Pipe> {
	const { options, settings } = opening;
	const { socket, candidate } = await race(candidates, attemptOptions(options), settings, options.signal);
	return tcpClientOver(opening, socket, [candidate.ip, candidate.port]);
}

/** A client over a connected socket, after a TLS handshake if that is asked for. */
export async function tcpClientOver(
	opening: Opening,
	socket: TcpSocket,
	remote: PipePeer | null,
): Promise<Pipe> {
	const { host, options, settings } = opening;
	const tls = options.tls === undefined || options.tls === false ? null : options.tls;
	const top =
		tls === null
			? socket
			: await tlsClient({
					socket,
					host: host ?? remote?.[0] ?? socket.remoteAddress ?? "",
					options: tls === true ? {} : tls,
					timeout: settings.tlsTimeout,
					clock: settings.clock,
					signal: options.signal,
				});
	const info = "encrypted" in top ? tlsInfo(top as TLSSocket) : null;
	return connectionPipe(pipeInit(opening, "client", info), new TcpTransport(top, settings, remote));
}

/** Listens. */
export async function openTcpServer(opening: Opening): Promise<Pipe> {
	const { backlog, lingerSeconds, localPort, reuse, signal } = opening.options;
	const tls = tlsAcceptorOf(opening);
	let server: TcpServer;
	try {
		server = await opening.sockets.listen({
			...(localPort !== undefined && { port: localPort }),
			...(backlog !== undefined && { backlog }),
			...(reuse !== undefined && { reuse }),
			...(lingerSeconds !== undefined && { lingerSeconds }),
			...(signal !== undefined && { signal }),
		});
	} catch (cause) {
		signal?.throwIfAborted();
		throw bindError("cannot listen", cause);
	}
	return tcpServerOver(opening, server, tls);
}

/** A server over a listening socket. */
export function tcpServerOver(opening: Opening, socket: TcpServer, tls = tlsAcceptorOf(opening)): Pipe {
	return serverPipe(pipeInit(opening, "server", null), socket, tls);
}

/** A client of the best of the candidates, or a server if there are none. */
export async function openUdp(opening: Opening, candidates: readonly Candidate[] | null): Promise<Pipe> {
	const { broadcast, localPort, reuse, signal } = opening.options;
	const [best] = candidates ?? [];
	let socket: UdpSocket;
	try {
		socket = await (best?.sockets ?? opening.sockets).udp({
			...(localPort !== undefined && { port: localPort }),
			...(broadcast !== undefined && { broadcast }),
			...(reuse !== undefined && { reuse }),
			...(signal !== undefined && { signal }),
			...(best !== undefined && { to: best.ip }),
		});
	} catch (cause) {
		signal?.throwIfAborted();
		throw bindError("cannot make a UDP socket", cause);
	}
	return udpOver(opening, socket, best === undefined ? null : [best.ip, best.port]);
}

/** A pipe over a bound datagram socket. */
export function udpOver(opening: Opening, socket: UdpSocket, dest: PipePeer | null): Pipe {
	const { anySource, broadcast } = opening.options;
	const connected = connectedPeer(socket);
	if (connected !== null && dest !== null && (connected[0] !== dest[0] || connected[1] !== dest[1])) {
		throw new PipeOptionError("socket", `is connected to ${peerText(connected)}, not to ${peerText(dest)}`);
	}
	const remote = connected ?? dest;
	const transport = new UdpTransport({
		socket,
		remote,
		// A group's address sends nothing: its members answer from their own.
		anySource: anySource ?? (broadcast === true || (remote !== null && isMulticast(remote[0]))),
		settings: opening.settings,
	});
	return connectionPipe(pipeInit(opening, remote === null ? "server" : "client", null), transport);
}

function bindError(what: string, cause: unknown): PipeBindError {
	return new PipeBindError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

function isMulticast(ip: string): boolean {
	const first = Number.parseInt(ip, 10);
	return ip.includes(":") ? ip.startsWith("ff") : first >= 224 && first <= 239;
}

const NO_ATTEMPT_OPTIONS: AttemptOptions = {};

function attemptOptions(options: PipeOptions): AttemptOptions {
	if (options === NO_OPTIONS) return NO_ATTEMPT_OPTIONS;
	const { lingerSeconds, localPort, reuse } = options;
	return {
		...(localPort !== undefined && { localPort }),
		...(reuse !== undefined && { reuse }),
		...(lingerSeconds !== undefined && { lingerSeconds }),
	};
}

function tlsAcceptorOf({ options, settings }: Opening): TlsAcceptor | null {
	const { tls } = options;
	if (tls === undefined || tls === false) return null;
	return new TlsAcceptor(tls === true ? {} : tls, settings.tlsTimeout);
}

function pipeInit(
	{ options, protocol, settings, sockets }: Opening,
	role: PipeRole,
	tls: PipeInit["tls"],
): PipeInit {
	return {
		protocol,
		role,
		settings,
		nic: sockets.nic,
		callbacks: initialCallbacks(options),
		signal: options.signal ?? null,
		tls,
		onClosed: null,
	};
}

const NO_CALLBACKS: InitialCallbacks = { message: [], connect: [], end: [], error: [] };

function initialCallbacks(options: PipeOptions): InitialCallbacks {
	if (options === NO_OPTIONS) return NO_CALLBACKS;
	const { onConnect, onEnd, onError, onMessage } = options;
	return {
		message: onMessage === undefined ? [] : [onMessage],
		connect: onConnect === undefined ? [] : [onConnect],
		end: onEnd === undefined ? [] : [onEnd],
		error: onError === undefined ? [] : [onError],
	};
}
