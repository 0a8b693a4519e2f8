import type { Socket } from "node:net";
import { connect, createSecureContext, TLSSocket } from "node:tls";
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
	readonly key: Uint8Array;
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

function handshake(socket: Socket, security: StreamSecurity): Promise<TLSSocket> {
	const { attempt, clock, key, preamble, side, signal } = security;
	const psk = Buffer.from(key);
	let keyUsed = side === "client";
	if (side === "client" && preamble !== null) socket.write(encodePreamble(preamble));
	const secure =
		side === "client"
			? connect({
					...TLS_OPTIONS,
					socket,
					pskCallback: () => ({ psk, identity: attempt }),
					// There are no certificates: the key alone proves who it is.
					checkServerIdentity: () => undefined,
				})
			: new TLSSocket(socket, {
					isServer: true,
					// A context of its own for each connection: a session ticket of another one is worth nothing here.
					secureContext: createSecureContext(TLS_OPTIONS),
					pskCallback: (_socket: TLSSocket, identity: string) => {
						keyUsed = identity === attempt;
						return keyUsed ? psk : null;
					},
				} as ConstructorParameters<typeof TLSSocket>[1]);
	return new Promise((resolve, reject) => {
		const event = side === "client" ? "secureConnect" : "secure";
		const settle = (): void => {
			clock.clearTimeout(timer);
			signal.removeEventListener("abort", aborted);
			secure.off(event, done);
			secure.off("close", closed);
		};
		const fail = (error: unknown): void => {
			settle();
			secure.destroy();
			reject(error);
		};
		const done = (): void => {
			if (!keyUsed || secure.getProtocol() !== "TLSv1.3") {
				fail(new NodeHandshakeError("TLS was completed without the key"));
				return;
			}
			settle();
			secure.off("error", failed);
			resolve(secure);
		};
		// Stays after a failure: a socket that is being destroyed may still say why.
		const failed = (cause: Error): void =>
			fail(new NodeHandshakeError(`the other side does not have the key: ${cause.message}`, { cause }));
		const closed = (): void =>
			fail(new NodeHandshakeError("the other side ended the connection before it was secure"));
		const aborted = (): void => fail(signal.reason);
		const timer = clock.setTimeout(
			() => fail(new NodeHandshakeError("the other side did not answer as a node")),
			HANDSHAKE_TIMEOUT,
		);
		secure.on("error", failed);
		secure.once(event, done);
		secure.once("close", closed);
		signal.addEventListener("abort", aborted, { once: true });
	});
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

	#limits(signal: AbortSignal): { clock: Clock; timeout: number; signal: AbortSignal } {
		return { clock: this.#clock, timeout: SELECT_TIMEOUT, signal };
	}
}

const ignore = (): void => undefined;
