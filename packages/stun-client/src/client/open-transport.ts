import { once } from "node:events";
import { isIP } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { errnoOf, StunConfigError, StunNetworkError } from "../errors.js";
import { closeUdp } from "../socket/close-udp.js";
import { StunSocket, type StunSocketDeps } from "../socket/stun-socket.js";
import { StunStream } from "../socket/stun-stream.js";
import type { StunTransport } from "../socket/types.js";
import type { HostPort, StreamSocket, StreamSockets, UdpSocket, UdpSockets } from "../types.js";
import type { ClientServer, StunClientOptions, StunTlsOptions } from "./types.js";

/** A transport, and how to give back what was opened for it. */
export interface OpenTransport {
	readonly transport: StunTransport;
	close(): Promise<void>;
}

type Sockets = StunClientOptions["sockets"];

const isUdpSocket = (sockets: Sockets): sockets is UdpSocket => "send" in sockets && "address" in sockets;
const hasUdp = (sockets: Sockets): sockets is UdpSockets => !isUdpSocket(sockets) && "udp" in sockets;
const hasStreams = (sockets: Sockets): sockets is StreamSockets =>
	!isUdpSocket(sockets) && "connect" in sockets;

const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
	signal === undefined ? {} : { signal };

type Connectable = UdpSocket & { connect(port: number, ip: string, callback: (error?: Error) => void): void };

const isConnectable = (socket: UdpSocket): socket is Connectable => "connect" in socket;

function connectUdp(socket: UdpSocket, server: HostPort): Promise<void> {
	if (!isConnectable(socket)) throw new StunConfigError("this UDP socket cannot be connected");
	return new Promise((resolve, reject) => {
		const failed = (error: Error): void => reject(new StunNetworkError(server, errnoOf(error), error));
		// Node reports a refused connect by the callback or by the event, depending on where it fails.
		socket.connect(server.port, server.ip, (error) => (error === undefined ? resolve() : failed(error)));
	});
}

/** Opens UDP: a socket of the factory, or the one that was given, which stays the caller's. */
export async function openUdp(
	{ sockets, attached, connected = false, server }: StunClientOptions,
	deps: StunSocketDeps,
	signal: AbortSignal | undefined,
): Promise<OpenTransport> {
	if (isUdpSocket(sockets)) {
		const stun = new StunSocket({ socket: sockets, attached: attached ?? true, connected }, deps);
		return { transport: stun, close: async () => stun.close() };
	}
	if (!hasUdp(sockets)) throw new StunConfigError("the socket factory makes no UDP sockets");
	const socket = await sockets.udp(withSignal(signal));
	const stun = new StunSocket({ socket, attached: attached ?? false, connected }, deps);
	const close = async (): Promise<void> => {
		stun.close();
		await closeUdp(socket);
	};
	try {
		if (connected) await connectUdp(socket, server);
	} catch (error) {
		await close();
		throw error;
	}
	return { transport: stun, close };
}

async function startTls(
	socket: StreamSocket,
	server: ClientServer,
	tls: StunTlsOptions,
	signal: AbortSignal | undefined,
): Promise<TLSSocket> {
	if (!(socket instanceof Duplex)) throw new StunConfigError("TLS needs a stream of Node's");
	const name = tls.servername ?? server.host ?? server.ip;
	const secure = connectTls({
		socket,
		// The certificate is checked against `host`; SNI carries names only (RFC 6066 section 3).
		host: name,
		...(isIP(name) === 0 ? { servername: name } : {}),
		...(tls.ca === undefined ? {} : { ca: [tls.ca].flat() }),
	});
	try {
		await once(secure, "secureConnect", withSignal(signal));
		return secure;
	} catch (error) {
		secure.destroy();
		throw error;
	}
}

/** Opens a connection, and TLS over it where `transport` says so. */
export async function openStream(
	{ sockets, transport, tls = {} }: StunClientOptions,
	server: ClientServer,
	deps: StunSocketDeps,
	signal: AbortSignal | undefined,
): Promise<OpenTransport> {
	if (!hasStreams(sockets)) throw new StunConfigError("the socket factory makes no connections");
	let socket: StreamSocket | undefined;
	const destroy = (): void => void socket?.destroy();
	signal?.addEventListener("abort", destroy, { once: true });
	try {
		socket = await sockets.connect({ ip: server.ip, port: server.port, ...withSignal(signal) });
		const plain = socket;
		if (transport === "tls") socket = await startTls(plain, server, tls, signal);
		const open = socket;
		const stun = new StunStream(open, server, deps);
		return {
			transport: stun,
			close: async () => {
				stun.close();
				open.destroy();
				plain.destroy();
			},
		};
	} catch (error) {
		socket?.destroy();
		if (signal?.aborted === true) throw signal.reason;
		if (error instanceof Error && "code" in error && !(error instanceof StunConfigError)) {
			throw new StunNetworkError(server, errnoOf(error), error);
		}
		throw error;
	} finally {
		signal?.removeEventListener("abort", destroy);
	}
}
