import { isIP, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { PipeTimeoutError, PipeTlsError } from "../errors.js";
import type { Clock } from "../types.js";
import { contextOptions } from "./secure-context.js";
import type { TlsOptions } from "./types.js";

/** A client's handshake. */
export interface ClientHandshake {
	/** Connected; it is the handshake's from here on, and closed if that fails. */
	readonly socket: Socket;
	/** The host that the program asked for: a name or an IP. */
	readonly host: string;
	readonly options: TlsOptions;
	/** Milliseconds. */
	readonly timeout: number;
	readonly clock: Clock;
	readonly signal: AbortSignal | undefined;
}

/**
 * Does TLS over a connected socket.
 *
 * @throws PipeTlsError, PipeTimeoutError (phase `tls`), or the signal's reason
 */
export function tlsClient(handshake: ClientHandshake): Promise<TLSSocket> {
	const { socket, host, options, timeout, clock, signal } = handshake;
	const name = options.name ?? host.replace(/%.*$/, "");
	const secure = connect({
		...contextOptions(options),
		socket,
		host: name,
		// SNI carries names alone (RFC 6066 section 3); an IP is verified against the certificate all the same.
		...(isIP(name) === 0 && { servername: name }),
		...(options.alpn !== undefined && { ALPNProtocols: [...options.alpn] }),
		rejectUnauthorized: options.insecure !== true,
	});
	return new Promise((resolve, reject) => {
		const settle = (): void => {
			clock.clearTimeout(timer);
			signal?.removeEventListener("abort", aborted);
			secure.off("secureConnect", done);
			secure.off("close", closed);
		};
		const fail = (error: unknown): void => {
			settle();
			secure.destroy();
			socket.destroy();
			reject(error);
		};
		const done = (): void => {
			settle();
			secure.off("error", failed);
			resolve(secure);
		};
		// Stays until the end: a socket that is being destroyed may still say why.
		const failed = (cause: Error): void =>
			fail(new PipeTlsError(`TLS with ${name} failed: ${cause.message}`, { cause }));
		const closed = (): void =>
			fail(new PipeTlsError(`${name} closed the connection during the TLS handshake`));
		const aborted = (): void => fail(signal?.reason);
		const timer = clock.setTimeout(() => fail(new PipeTimeoutError("tls", timeout)), timeout);
		secure.on("error", failed);
		secure.once("secureConnect", done);
		secure.once("close", closed);
		signal?.addEventListener("abort", aborted, { once: true });
	});
}
