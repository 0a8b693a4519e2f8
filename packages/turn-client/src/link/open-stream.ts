import { isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Endpoint, SocketFactory } from "@p2pd/net";
import { errnoOf, TurnNetworkError } from "../errors.js";
import type { TurnTlsOptions } from "../types.js";
import { closeStream } from "./stream-link.js";

/** Where a connection leads, and what it is to be. */
export interface StreamPlan {
	readonly sockets: SocketFactory;
	readonly server: Endpoint;
	/** The name that a certificate must be for. */
	readonly host: string;
	/** Null for plain TCP. */
	readonly tls: TurnTlsOptions | null;
	/** SO_LINGER. @default off */
	readonly lingerSeconds?: number | undefined;
}

/**
 * Opens a TCP connection to the server, and TLS over it where asked for.
 *
 * @throws {TurnNetworkError} ERR_TURN_NETWORK, also for a certificate that is not trusted; the signal's reason
 */
export async function openStream(
	{ sockets, server, host, tls, lingerSeconds }: StreamPlan,
	signal: AbortSignal | undefined,
): Promise<Socket> {
	let socket: Socket;
	try {
		socket = await sockets.connect({
			ip: server.ip,
			port: server.port,
			...(lingerSeconds !== undefined && { lingerSeconds }),
			...(signal !== undefined && { signal }),
		});
	} catch (error) {
		signal?.throwIfAborted();
		throw networkError(server, error);
	}
	if (tls === null) return socket;
	try {
		return await startTls(socket, tls.servername ?? host, tls, signal);
	} catch (error) {
		await closeStream(socket);
		signal?.throwIfAborted();
		throw networkError(server, error);
	}
}

function startTls(
	socket: Socket,
	name: string,
	{ ca }: TurnTlsOptions,
	signal: AbortSignal | undefined,
): Promise<TLSSocket> {
	return new Promise((resolve, reject) => {
		const secure = connectTls({
			socket,
			// The certificate is checked against `host`; SNI carries names only (RFC 6066 section 3).
			host: name,
			...(isIP(name) === 0 && { servername: name }),
			...(ca !== undefined && { ca: [ca].flat() as (string | Buffer)[] }),
		});
		const settle = (): void => {
			secure.off("secureConnect", onSecure);
			secure.off("error", onError);
			secure.off("close", onClose);
			signal?.removeEventListener("abort", onAbort);
		};
		const fail = (error: unknown): void => {
			settle();
			// An error that arrives while it closes changes nothing.
			secure.on("error", () => undefined);
			secure.destroy();
			reject(error);
		};
		const onSecure = (): void => {
			settle();
			resolve(secure);
		};
		const onError = (error: Error): void => fail(error);
		const onClose = (): void =>
			fail(Object.assign(new Error("closed in the handshake"), { code: "ECONNRESET" }));
		const onAbort = (): void => fail(signal?.reason);
		secure.on("secureConnect", onSecure);
		secure.on("error", onError);
		secure.on("close", onClose);
		signal?.addEventListener("abort", onAbort, { once: true });
	});
}

function networkError(server: Endpoint, error: unknown): Error {
	return new TurnNetworkError(server, error instanceof Error ? errnoOf(error) : "EIO", error);
}
