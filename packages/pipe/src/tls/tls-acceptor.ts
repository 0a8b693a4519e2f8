import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { PipeOptionError, PipeTlsError } from "../errors.js";
import { contextOptions } from "./secure-context.js";
import { tlsInfo } from "./tls-info.js";
import type { TlsInfo, TlsOptions } from "./types.js";

/** What came of one client's handshake. */
export type Secured = { readonly socket: Socket; readonly info: TlsInfo } | { readonly error: Error };

/** Does the server's side of TLS handshakes. It listens on nothing: connections are handed to it. */
export class TlsAcceptor {
	readonly #server: Server;
	/** Sockets whose handshake is under way, by the peer's address and port. */
	readonly #pending = new Map<string, Socket>();

	/**
	 * @param timeout milliseconds of a handshake
	 * @throws PipeOptionError without certificate and key, or with ones that are not good
	 */
	constructor(options: TlsOptions, timeout: number) {
		if (options.cert === undefined || options.key === undefined) {
			throw new PipeOptionError("tls", "a server has a cert and a key");
		}
		try {
			this.#server = createServer({
				...contextOptions(options),
				...(options.alpn !== undefined && { ALPNProtocols: [...options.alpn] }),
				requestCert: options.clientCertificate !== undefined,
				rejectUnauthorized: options.clientCertificate === "required",
				handshakeTimeout: timeout,
			});
		} catch (cause) {
			throw new PipeOptionError("tls", (cause as Error).message, { cause });
		}
	}

	/** Tells `done` of every handshake's outcome. To be called once. */
	start(done: (secured: Secured) => void): void {
		this.#server.on("secureConnection", (socket: TLSSocket) => {
			this.#pending.delete(peerKey(socket));
			done({ socket, info: tlsInfo(socket) });
		});
		this.#server.on("tlsClientError", (cause: Error, socket: TLSSocket) => {
			socket.destroy();
			done({ error: new PipeTlsError(`a client's TLS handshake failed: ${cause.message}`, { cause }) });
		});
	}

	/** Begins a handshake on an accepted socket. */
	take(socket: Socket): void {
		const key = peerKey(socket);
		this.#pending.set(key, socket);
		socket.once("close", () => {
			if (this.#pending.get(key) === socket) this.#pending.delete(key);
		});
		this.#server.emit("connection", socket);
	}

	/** Gives up the handshakes that are under way. */
	close(): void {
		for (const socket of this.#pending.values()) socket.destroy();
	}
}

function peerKey(socket: Socket): string {
	return `${socket.remoteAddress} ${socket.remotePort}`;
}
