import { once } from "node:events";
import type { Pipe, PipePeer } from "@p2pd/core";
import { abortable } from "@p2pd/core/net";
import type { Context } from "../context.js";
import { CommandError, errorLine } from "../errors.js";

/** Largest payload of a datagram by default: it fits every path that IPv6 allows (1280 bytes) with room for tunnels. */
const DATAGRAM_BYTES = 1200;

/** How a conversation is held. */
export interface ConverseOptions {
	/** Milliseconds of silence after which a UDP client ends, once stdin has ended. */
	readonly wait: number;
	/** Bytes of the largest datagram. @default {@link DATAGRAM_BYTES} */
	readonly mtu?: number;
	/** Whether the conversation ends when a TCP peer finishes, whatever stdin still has. @default if stdin is a terminal */
	readonly endWithPeer?: boolean;
	/** Stdin, if it goes on to another conversation afterwards. @default a reader of its own */
	readonly input?: Input;
}

type Surroundings = Pick<Context, "io" | "out" | "signal">;

/** Stdin in chunks. A chunk that one conversation did not take goes to the next one. */
export class Input {
	readonly #chunks: AsyncIterator<unknown>;
	#next: Promise<IteratorResult<unknown>> | null = null;

	constructor(stdin: NodeJS.ReadStream) {
		this.#chunks = stdin[Symbol.asyncIterator]();
	}

	/** The next chunk; null at the end. @throws the signal's reason */
	async next(signal: AbortSignal): Promise<Buffer | null> {
		this.#next ??= this.#chunks.next();
		const { done, value } = await abortable(this.#next, signal);
		this.#next = null;
		return done === true ? null : Buffer.from(value as Buffer | string);
	}
}

/**
 * Joins stdin and stdout to a pipe.
 *
 * The two directions of a TCP pipe end independently: what stdin has is sent to its end, also when the peer finishes
 * first, unless stdin is a terminal, whose user would not know. UDP has no end: a client stops after `wait` ms of
 * silence once stdin has ended, a server at Ctrl-C. A UDP server answers its last sender, and stdin waits for the first.
 *
 * @throws CommandError if the connection was reset or a write failed
 */
export async function converse(context: Surroundings, pipe: Pipe, options: ConverseOptions): Promise<void> {
	const ownInput = options.input === undefined;
	const input = options.input ?? new Input(context.io.stdin);
	try {
		if (pipe.protocol === "tcp") await converseStream(context, pipe, input, options);
		else await converseDatagrams(context, pipe, input, options);
	} catch (error) {
		context.signal.throwIfAborted();
		throw error instanceof CommandError ? error : new CommandError(errorLine(error), { cause: error });
	} finally {
		await pipe.close();
		if (ownInput) context.io.stdin.destroy();
	}
}

async function converseStream(
	{ io, signal }: Surroundings,
	pipe: Pipe,
	input: Input,
	{ endWithPeer = io.stdin.isTTY }: ConverseOptions,
): Promise<void> {
	const ended = new AbortController();
	const stop = (): void => ended.abort();
	const writer = pipe.writable.getWriter();
	const pull = async (): Promise<void> => {
		for await (const data of pipe.messages(null, { signal })) await print(io.stdout, data);
		if (endWithPeer) stop();
	};
	const push = async (): Promise<void> => {
		for (;;) {
			const chunk = await input.next(ended.signal);
			if (chunk === null) break;
			await writer.write(chunk);
		}
		await writer.close();
	};
	// Giving stdin up is no error; everything else that fails is one.
	const pushing = push().catch((error: unknown) => {
		if (!ended.signal.aborted) throw error;
	});
	try {
		await Promise.all([pull(), pushing]);
	} finally {
		stop();
	}
}

async function converseDatagrams(
	{ io, out, signal }: Surroundings,
	pipe: Pipe,
	input: Input,
	{ mtu = DATAGRAM_BYTES, wait }: ConverseOptions,
): Promise<void> {
	const ended = new AbortController();
	let silence: NodeJS.Timeout | undefined;
	let inputEnded = false;
	const waitForSilence = (): void => {
		clearTimeout(silence);
		if (inputEnded && pipe.role === "client") silence = setTimeout(() => void pipe.close(), wait);
	};
	let peer: PipePeer | null = pipe.remote;
	let meet: () => void = () => undefined;
	const met = new Promise<void>((resolve) => {
		meet = resolve;
	});
	const pull = async (): Promise<void> => {
		for await (const [from, data] of pipe.messages(null, { full: true, signal })) {
			peer = from;
			meet();
			waitForSilence();
			await print(io.stdout, data);
		}
	};
	const push = async (): Promise<void> => {
		for (;;) {
			const chunk = await input.next(ended.signal);
			if (chunk === null) break;
			if (peer === null) await abortable(met, ended.signal);
			for (let at = 0; at < chunk.length; at += mtu) {
				const to: readonly [] | readonly [PipePeer] = pipe.remote === null && peer !== null ? [peer] : [];
				await pipe.send(chunk.subarray(at, at + mtu), ...to);
			}
		}
		inputEnded = true;
		waitForSilence();
	};
	const pushing = push().catch((error: unknown) => {
		if (!ended.signal.aborted) throw error;
	});
	try {
		await Promise.race([pull(), pushing.then(() => new Promise<never>(() => undefined))]);
	} finally {
		clearTimeout(silence);
		ended.abort();
		const { bytesOut, messagesOut } = pipe.stats;
		if (messagesOut > 0) out.message(`sent ${count(messagesOut, "datagram")}, ${count(bytesOut, "byte")}`);
	}
}

async function print(stdout: NodeJS.WriteStream, data: Buffer): Promise<void> {
	if (!stdout.write(data)) await once(stdout, "drain");
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
