import { once } from "node:events";
import { isIP } from "node:net";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Endpoint, StreamSocket, StreamSockets, UdpSocket, UdpSockets } from "@p2pd/net";
import { errnoOf, StunConfigError, StunNetworkError } from "../errors.js";
import { StunStream } from "../transport/stream.js";
import type { StunTransport } from "../transport/types.js";
import { closeUdp, StunSocket } from "../transport/udp.js";
import type { StunClientDeps, StunClientOptions, StunClientServer, StunTlsOptions } from "./types.js";

/** A transport, and how to close what was opened for it. */
export interface OpenTransport {
	readonly transport: StunTransport;
	close(): Promise<void>;
}

type Sockets = StunClientDeps["sockets"];

const isUdpSocket = (sockets: Sockets): sockets is UdpSocket => "send" in sockets && "address" in sockets;
const hasUdp = (sockets: Sockets): sockets is UdpSockets => !isUdpSocket(sockets) && "udp" in sockets;
const hasStreams = (sockets: Sockets): sockets is StreamSockets =>
	!isUdpSocket(sockets) && "connect" in sockets;

const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
	signal === undefined ? {} : { signal };

type Connectable = UdpSocket & { connect(port: number, ip: string, callback: (error?: Error) => void): void };

const isConnectable = (socket: UdpSocket): socket is Connectable => "connect" in socket;

function connectUdp(socket: UdpSocket, server: Endpoint): Promise<void> {
	if (!isConnectable(socket))
		throw new StunConfigError("connected needs UDP sockets with connect()", { argument: "connected" });
	return new Promise((resolve, reject) => {
		const failed = (error: Error): void => reject(new StunNetworkError(server, errnoOf(error), error));
		// Node reports a failed connect to the callback or by an event, depending on where it fails.
		socket.connect(server.port, server.ip, (error) => (error === undefined ? resolve() : failed(error)));
	});
}

/** A transport over a UDP socket of the factory, or over the caller's own socket, which stays open. */
export async function openUdp(
	{ attached, connected = false, localPort, server }: StunClientOptions,
	{ sockets, ...deps }: StunClientDeps,
	signal: AbortSignal | undefined,
): Promise<OpenTransport> {
	if (isUdpSocket(sockets)) {
		const stun = new StunSocket({ socket: sockets, attached: attached ?? true, connected }, deps);
		return { transport: stun, close: async () => stun.close() };
	}
	if (!hasUdp(sockets))
		throw new StunConfigError("sockets must have udp() for this transport", { argument: "sockets" });
	const socket = await sockets.udp({
		...(localPort !== undefined && { port: localPort }),
		...withSignal(signal),
	});
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
	server: StunClientServer,
	tls: StunTlsOptions,
	signal: AbortSignal | undefined,
): Promise<TLSSocket> {
	if (!(socket instanceof Duplex))
		throw new StunConfigError("TLS needs a factory that makes Node streams", { argument: "sockets" });
	// Loaded when used: most clients never need TLS.
	const { connect: connectTls } = await import("node:tls");
	const name = tls.servername ?? server.host ?? server.ip;
	const secure = connectTls({
		socket,
		// The certificate is checked against `host`. SNI can carry names only (RFC 6066 section 3).
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

/** A transport over a new connection, with TLS if the options say so. */
export async function openStream(
	{ transport, tls = {}, localPort, reuse }: StunClientOptions,
	server: StunClientServer,
	{ sockets, ...deps }: StunClientDeps,
	signal: AbortSignal | undefined,
): Promise<OpenTransport> {
	if (!hasStreams(sockets))
		throw new StunConfigError("sockets must have connect() for this transport", { argument: "sockets" });
	let socket: StreamSocket | undefined;
	const destroy = (): void => void socket?.destroy();
	signal?.addEventListener("abort", destroy, { once: true });
	try {
		socket = await sockets.connect({
			ip: server.ip,
			port: server.port,
			...(localPort !== undefined && { localPort }),
			...(reuse !== undefined && { reuse }),
			...withSignal(signal),
		});
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
