import type { Socket } from "node:net";
import type { Clock } from "@p2pd/net";
import { MAX_PREAMBLE, PREAMBLE_TIMEOUT } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";

/*
 * What a stream begins with, before TLS. It says which key TLS is to use.
 *
 *   "p2pd" 4 | kind 1 | length 2 | content
 *   kind 1: the id of an attempt, 16 bytes, which both sides agreed in sealed messages
 *   kind 2: a sealed hello to the key in the node's address
 */
const MAGIC = Buffer.from("p2pd");
const HEADER = 7;

/** What a stream begins with. */
export type Preamble =
	| { readonly kind: "attempt"; readonly attempt: string }
	| { readonly kind: "hello"; readonly sealed: Buffer };

/** Encodes a preamble. */
export function encodePreamble(preamble: Preamble): Buffer {
	const content = preamble.kind === "attempt" ? Buffer.from(preamble.attempt, "hex") : preamble.sealed;
	const header = Buffer.alloc(HEADER);
	MAGIC.copy(header);
	header[4] = preamble.kind === "attempt" ? 1 : 2;
	header.writeUInt16BE(content.length, 5);
	return Buffer.concat([header, content]);
}

/**
 * Reads the preamble off a stream; what follows stays in the stream. The stream is not closed when this fails.
 *
 * @throws NodeHandshakeError (`ERR_NODE_HANDSHAKE`) for anything else, or when it takes too long; the signal's reason
 */
export async function readPreamble(socket: Socket, clock: Clock, signal: AbortSignal): Promise<Preamble> {
	const limits = { clock, signal, timeout: PREAMBLE_TIMEOUT };
	const header = await readExactly(socket, HEADER, limits);
	const kind = header[4];
	const length = header.readUInt16BE(5);
	if (!header.subarray(0, 4).equals(MAGIC))
		throw new NodeHandshakeError("a connection that does not begin as a node's");
	if (kind === 1 && length === 16) {
		return { kind: "attempt", attempt: (await readExactly(socket, length, limits)).toString("hex") };
	}
	if (kind === 2 && length > 0 && length <= MAX_PREAMBLE) {
		return { kind: "hello", sealed: await readExactly(socket, length, limits) };
	}
	throw new NodeHandshakeError("a connection that begins in an unknown way");
}

/** How long reading may take. */
export interface ReadLimits {
	readonly clock: Clock;
	/** In ms. */
	readonly timeout: number;
	readonly signal: AbortSignal;
}

/**
 * Reads so many bytes of a paused stream, and leaves the rest in it.
 *
 * @throws NodeHandshakeError when the stream ends first or the time is over; the signal's reason
 */
export function readExactly(socket: Socket, size: number, limits: ReadLimits): Promise<Buffer> {
	const { clock, signal, timeout } = limits;
	return new Promise((resolve, reject) => {
		const settle = (): void => {
			clock.clearTimeout(timer);
			signal.removeEventListener("abort", aborted);
			socket.off("readable", attempt);
			socket.off("end", ended);
			socket.off("close", ended);
			socket.off("error", failed);
		};
		const fail = (error: unknown): void => {
			settle();
			reject(error);
		};
		const attempt = (): void => {
			const data: Buffer | null = socket.read(size);
			if (data === null) return;
			if (data.length < size) {
				ended();
				return;
			}
			settle();
			resolve(data);
		};
		const ended = (): void => fail(new NodeHandshakeError("the other side ended the connection"));
		const failed = (cause: Error): void =>
			fail(new NodeHandshakeError(`the connection failed: ${cause.message}`, { cause }));
		const aborted = (): void => fail(signal.reason);
		const timer = clock.setTimeout(
			() => fail(new NodeHandshakeError("the other side says nothing")),
			timeout,
		);
		if (signal.aborted) {
			aborted();
			return;
		}
		if (socket.destroyed || socket.readableEnded) {
			ended();
			return;
		}
		signal.addEventListener("abort", aborted, { once: true });
		socket.on("readable", attempt);
		socket.on("end", ended);
		socket.on("close", ended);
		socket.on("error", failed);
		attempt();
	});
}
