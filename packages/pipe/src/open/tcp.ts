import type { Server, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { PipeBindError } from "../errors.js";
import { Pipe } from "../pipe.js";
import { NO_OPTIONS } from "../settings.js";
import { ServerTransport } from "../tcp/server-transport.js";
import { TcpTransport } from "../tcp/tcp-transport.js";
import { TlsAcceptor } from "../tls/tls-acceptor.js";
import { tlsClient } from "../tls/tls-client.js";
import { tlsInfo } from "../tls/tls-info.js";
import type { Peer, PipeEndpoint, PipeOptions } from "../types.js";
import { factoryOf, type Opening, pipeInit } from "./opening.js";
import { type AttemptOptions, race } from "./race.js";
import { familyOf } from "./resolve.js";

/** Connects to the best of the endpoints. */
export async function openTcpClient(opening: Opening, endpoints: readonly PipeEndpoint[]): Promise<Pipe> {
	const { options, settings } = opening;
	const candidates = endpoints.map(({ ip, port }) => ({
		sockets: factoryOf(opening, familyOf(ip)),
		ip,
		port,
	}));
	const { socket, candidate } = await race(candidates, attemptOptions(options), settings, options.signal);
	return tcpClientOver(opening, socket, [candidate.ip, candidate.port]);
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

/** A client over a connected socket, in TLS first if that is asked for. */
export async function tcpClientOver(opening: Opening, socket: Socket, remote: Peer | null): Promise<Pipe> {
	const { host, options, settings } = opening;
	const tls = options.tls === undefined || options.tls === false ? null : options.tls;
	let secure: TLSSocket | null = null;
	if (tls !== null) {
		secure = await tlsClient({
			socket,
			host: host ?? remote?.[0] ?? "",
			options: tls === true ? {} : tls,
			timeout: settings.tlsTimeout,
			clock: settings.clock,
			signal: options.signal,
		});
	}
	const top = secure ?? socket;
	return new Pipe(
		pipeInit(opening, {
			role: "client",
			socket: top,
			tls: secure === null ? null : tlsInfo(secure),
			parts(core) {
				const transport = new TcpTransport(top, core, settings, remote);
				return { transport, data: transport };
			},
		}),
	);
}

/** Listens. */
export async function openTcpServer(opening: Opening): Promise<Pipe> {
	const { backlog, lingerSeconds, localPort, reuse, signal } = opening.options;
	const tls = tlsAcceptorOf(opening);
	let server: Server;
	try {
		server = await factoryOf(opening).listen({
			...(localPort !== undefined && { port: localPort }),
			...(backlog !== undefined && { backlog }),
			...(reuse !== undefined && { reuse }),
			...(lingerSeconds !== undefined && { lingerSeconds }),
			...(signal !== undefined && { signal }),
		});
	} catch (cause) {
		signal?.throwIfAborted();
		throw new PipeBindError(`cannot listen: ${(cause as Error).message}`, { cause });
	}
	return tcpServerOver(opening, server, tls);
}

/** A server over a listening socket. */
export function tcpServerOver(opening: Opening, server: Server, tls = tlsAcceptorOf(opening)): Pipe {
	const { maxConnections } = opening.options;
	if (maxConnections !== undefined) server.maxConnections = maxConnections;
	return new Pipe(
		pipeInit(opening, {
			role: "server",
			socket: server,
			tls: null,
			parts(core) {
				const transport = new ServerTransport(server, core, (socket) => core.acceptor?.take(socket));
				return { transport, data: null };
			},
		}),
		tls,
	);
}

function tlsAcceptorOf({ options, settings }: Opening): TlsAcceptor | null {
	const { tls } = options;
	if (tls === undefined || tls === false) return null;
	return new TlsAcceptor(tls === true ? {} : tls, settings.tlsTimeout);
}
