import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { TLS_HANDSHAKES } from "../defaults.js";
import { PipeOptionError, PipeTlsError } from "../errors.js";
import { contextOptions, tlsInfo } from "./context.js";
import type { PipeTlsInfo, PipeTlsOptions } from "./types.js";

/** The outcome of one client's handshake. */
export type Secured = { readonly socket: Socket; readonly info: PipeTlsInfo } | { readonly error: Error };

/** Does the server's side of TLS handshakes. It does not listen: connections are handed to it. */
export class TlsAcceptor {
	readonly #server: Server;
	readonly #checksOptional: boolean;
	/** Sockets whose handshake is under way, by {@link connectionKey}, the oldest first. */
	readonly #pending = new Map<string, Socket>();
	#done: (secured: Secured) => void = () => undefined;

	/**
	 * @param timeout milliseconds of a handshake
	 * @throws PipeOptionError without a certificate and key, or with invalid ones
	 */
	constructor(options: PipeTlsOptions, timeout: number) {
		if (options.cert === undefined || options.key === undefined) {
			throw new PipeOptionError("tls", "a server needs cert and key");
		}
		this.#checksOptional = options.clientCertificate === "optional";
		try {
			this.#server = createServer({
				...contextOptions(options),
				...(options.alpn !== undefined && { ALPNProtocols: [...options.alpn] }),
				requestCert: options.clientCertificate !== undefined,
				rejectUnauthorized: options.clientCertificate === "required",
				handshakeTimeout: Math.min(timeout, 2 ** 31 - 1),
			});
		} catch (cause) {
			throw new PipeOptionError("tls", (cause as Error).message, { cause });
		}
	}

	/** Tells `done` the outcome of every handshake. Called once. */
	start(done: (secured: Secured) => void): void {
		this.#done = done;
		this.#server.on("secureConnection", (socket: TLSSocket) => {
			this.#pending.delete(connectionKey(socket));
			const info = tlsInfo(socket);
			if (this.#checksOptional && info.peerCertificate !== null && !info.verified) {
				const why = String(socket.authorizationError);
				socket.destroy();
				this.#fail(new PipeTlsError(`a client's certificate is invalid: ${why}`));
			} else {
				done({ socket, info });
			}
		});
		this.#server.on("tlsClientError", (cause: Error, socket: TLSSocket) => {
			socket.destroy();
			this.#fail(new PipeTlsError(`a client's TLS handshake failed: ${cause.message}`, { cause }));
		});
	}

	/** Begins a handshake on an accepted socket. When too many are under way, the oldest one fails. */
	take(socket: Socket): void {
		for (const [key, oldest] of this.#pending) {
			if (this.#pending.size < TLS_HANDSHAKES) break;
			this.#pending.delete(key);
			oldest.destroy();
		}
		const key = connectionKey(socket);
		this.#pending.set(key, socket);
		socket.once("close", () => {
			if (this.#pending.get(key) === socket) this.#pending.delete(key);
		});
		this.#server.emit("connection", socket);
	}

	/** Ends the handshakes that are under way. */
	close(): void {
		for (const socket of this.#pending.values()) socket.destroy();
	}

	#fail(error: PipeTlsError): void {
		this.#done({ error });
	}
}

/** Both ends of a connection: a server that listens on several addresses can have one client port twice. */
function connectionKey({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
	return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
