import { isIP, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { type Clock, MAX_TIMER } from "@p2pd/net";
import { PipeOptionError, PipeTimeoutError, PipeTlsError } from "../errors.js";
import { canonicalIp } from "../peer.js";
import { contextOptions } from "./context.js";
import type { PipeTlsOptions } from "./types.js";

/** A client's handshake. */
export interface ClientHandshake {
	/** Connected. It belongs to the handshake from here on, and is closed if that fails. */
	readonly socket: Socket;
	/** The host that the program asked for: a name or an IP. */
	readonly host: string;
	readonly options: PipeTlsOptions;
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
	const { socket, options, timeout, clock, signal } = handshake;
	const name = verifiedName(options.name ?? handshake.host);
	let secure: TLSSocket;
	try {
		secure = connect({
			...contextOptions(options),
			socket,
			host: name,
			// SNI carries only names (RFC 6066 section 3). An IP is verified against the certificate too.
			...(isIP(name) === 0 && { servername: name }),
			...(options.alpn !== undefined && { ALPNProtocols: [...options.alpn] }),
			rejectUnauthorized: options.insecure !== true,
		});
	} catch (cause) {
		socket.destroy();
		return Promise.reject(new PipeOptionError("tls", (cause as Error).message, { cause }));
	}
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
		const timer = clock.setTimeout(
			() => fail(new PipeTimeoutError("tls", timeout)),
			Math.min(timeout, MAX_TIMER),
		);
		secure.on("error", failed);
		secure.once("secureConnect", done);
		secure.once("close", closed);
		signal?.addEventListener("abort", aborted, { once: true });
	});
}

/**
 * The name or address that a certificate is checked for. A trailing dot is for DNS only and is not part of a host name
 * (RFC 6066 section 3), an IPv4-mapped address is the IPv4 address, and a zone means nothing to the peer.
 */
function verifiedName(host: string): string {
	const bare = host.replace(/%.*$/, "");
	if (isIP(bare) === 6) {
		const ip = canonicalIp(bare);
		const mapped = /^::ffff:(?<v4>\d+\.\d+\.\d+\.\d+)$/.exec(ip)?.groups?.["v4"];
		return mapped ?? ip;
	}
	return bare.length > 1 ? bare.replace(/\.$/, "") : bare;
}
