import type { Socket } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { Clock, Endpoint } from "@p2pd/net";
import { type Pipe, type PipeOptions, pipeOpen, TCP } from "@p2pd/pipe";
import { HANDSHAKE_TIMEOUT, PATHS, SELECT_TIMEOUT } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import type { NodePath } from "../types.js";
import type { SecureLink } from "./link.js";
import { encodePreamble, type Preamble, readExactly } from "./preamble.js";

/** How a stream is secured. */
export interface StreamSecurity {
	/** Who begins: the client sends the preamble and opens TLS. */
	readonly side: "client" | "server";
	/** The pre-shared key, 32 bytes. */
	readonly key: Buffer;
	/** The id of the attempt: the name of the key in TLS. */
	readonly attempt: string;
	/** Sent before TLS; the client's alone. */
	readonly preamble: Preamble | null;
	readonly clock: Clock;
	readonly signal: AbortSignal;
}

/** One suite: its hash is SHA-256, as external pre-shared keys need (RFC 8446 section 4.2.11). */
const TLS_OPTIONS = {
	minVersion: "TLSv1.3",
	maxVersion: "TLSv1.3",
	ciphers: "TLS_CHACHA20_POLY1305_SHA256",
	ecdhCurve: "X25519",
} as const;

/** Before the dialer's choice: 1, and the number of the path. The answer is one byte. */
const SELECT = 1;
const ACCEPT = 2;

/**
 * Does TLS 1.3 with a pre-shared key and ephemeral X25519 keys over a connected stream. Who completes it has the key.
 *
 * @throws NodeHandshakeError (`ERR_NODE_HANDSHAKE`), or the signal's reason. The stream is closed then.
 */
export async function secureStream(socket: Socket, security: StreamSecurity): Promise<SecureLink> {
	const remote = { ip: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
	socket.setNoDelay(true);
	try {
		security.signal.throwIfAborted();
		const secure = await handshake(socket, security);
		return new StreamLink(secure, remote, security.clock);
	} catch (error) {
		socket.on("error", () => undefined);
		socket.destroy();
		throw error;
	}
}

/** A handshake under way. */
interface Handshake {
	/** Stops listening to it, and destroys what is left of it if it has failed. */
	readonly settle: (failed: boolean) => void;
}

function handshake(socket: Socket, security: StreamSecurity): Promise<TLSSocket> {
	const { clock, side, signal } = security;
	return new Promise((resolve, reject) => {
		const end = (failed: boolean): void => {
			clock.clearTimeout(timer);
			signal.removeEventListener("abort", aborted);
			begun.settle(failed);
		};
		const fail = (error: unknown): void => {
			end(true);
			reject(error);
		};
		const done = (secure: TLSSocket, keyUsed: boolean): void => {
			if (!keyUsed || secure.getProtocol() !== "TLSv1.3") {
				fail(new NodeHandshakeError("TLS was completed without the key"));
				return;
			}
			end(false);
			resolve(secure);
		};
		const failed = (cause: Error): void =>
			fail(new NodeHandshakeError(`the other side does not have the key: ${cause.message}`, { cause }));
		const aborted = (): void => fail(signal.reason);
		const timer = clock.setTimeout(
			() => fail(new NodeHandshakeError("the other side did not answer as a node")),
			HANDSHAKE_TIMEOUT,
		);
		signal.addEventListener("abort", aborted, { once: true });
		const begin = side === "client" ? beginClient : beginServer;
		const begun = begin(socket, security, done, failed);
	});
}

type Done = (secure: TLSSocket, keyUsed: boolean) => void;

function beginClient(
	socket: Socket,
	security: StreamSecurity,
	done: Done,
	failed: (error: Error) => void,
): Handshake {
	const { attempt, key, preamble } = security;
	if (preamble !== null) socket.write(encodePreamble(preamble));
	const secure = connect({
		...TLS_OPTIONS,
		socket,
		pskCallback: () => ({ psk: key, identity: attempt }),
		// There are no certificates: the key alone proves who it is.
		checkServerIdentity: () => undefined,
	});
	const onSecure = (): void => done(secure, true);
	const onClose = (): void => failed(new Error("it ended the connection"));
	secure.once("secureConnect", onSecure);
	secure.once("close", onClose);
	secure.on("error", failed);
	return {
		settle(hasFailed) {
			secure.off("secureConnect", onSecure);
			secure.off("close", onClose);
			// A socket that is being destroyed may still say why.
			if (hasFailed) secure.on("error", ignore).destroy();
			secure.off("error", failed);
		},
	};
}

/** A server for one connection: what it gives to clients to resume with is worth nothing at any other. */
function beginServer(
	socket: Socket,
	security: StreamSecurity,
	done: Done,
	failed: (error: Error) => void,
): Handshake {
	const { attempt, key } = security;
	let keyUsed = false;
	const server = createServer({
		...TLS_OPTIONS,
		pskCallback: (_socket, identity) => {
			keyUsed = identity === attempt;
			return keyUsed ? key : null;
		},
	});
	server.once("secureConnection", (secure) => done(secure, keyUsed));
	server.once("tlsClientError", failed);
	server.emit("connection", socket);
	return {
		settle(hasFailed) {
			server.removeAllListeners("secureConnection");
			server.removeAllListeners("tlsClientError");
			if (hasFailed) socket.destroy();
		},
	};
}

class StreamLink implements SecureLink {
	readonly transport = TCP;
	readonly local: Endpoint;
	readonly remote: Endpoint;
	readonly #socket: TLSSocket;
	readonly #clock: Clock;

	constructor(socket: TLSSocket, remote: Endpoint, clock: Clock) {
		this.#socket = socket;
		this.#clock = clock;
		this.remote = remote;
		this.local = { ip: socket.localAddress ?? "", port: socket.localPort ?? 0 };
		// A link that nobody reads from may fail as well.
		socket.on("error", ignore);
	}

	async select(path: NodePath, signal: AbortSignal): Promise<number> {
		const sentAt = this.#clock.now();
		this.#socket.write(Uint8Array.of(SELECT, PATHS.indexOf(path)));
		const [answer] = await readExactly(this.#socket, 1, this.#limits(signal));
		if (answer !== ACCEPT) throw new NodeHandshakeError("the other side does not want the connection");
		return this.#clock.now() - sentAt;
	}

	async selected(signal: AbortSignal): Promise<NodePath> {
		const [kind, number = 255] = await readExactly(this.#socket, 2, this.#limits(signal));
		const path = PATHS[number];
		if (kind !== SELECT || path === undefined) throw new NodeHandshakeError("the other side chose nothing");
		return path;
	}

	accept(): void {
		this.#socket.write(Uint8Array.of(ACCEPT));
	}

	async open(options: PipeOptions): Promise<Pipe> {
		const pipe = await pipeOpen(null, TCP, [this.remote.ip, this.remote.port], {
			...options,
			socket: this.#socket,
		});
		this.#socket.off("error", ignore);
		return pipe;
	}

	close(): void {
		this.#socket.destroy();
	}

	lose(error: Error): void {
		this.#socket.destroy(error);
	}

	#limits(signal: AbortSignal): { clock: Clock; timeout: number; signal: AbortSignal } {
		return { clock: this.#clock, timeout: SELECT_TIMEOUT, signal };
	}
}

const ignore = (): void => undefined;
