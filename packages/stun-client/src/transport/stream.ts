import {
	type Clock,
	type Endpoint,
	type RandomBytes,
	type StreamSocket,
	systemClock,
	systemRandom,
} from "@p2pd/net";
import { checkOptions, REQUEST_FIELDS } from "../arguments.js";
import { HEADER_LENGTH } from "../codec/header.js";
import { STREAM_TIMEOUT } from "../defaults.js";
import {
	errnoOf,
	StunClosedError,
	StunConfigError,
	StunDecodeError,
	StunNetworkError,
	StunTimeoutError,
} from "../errors.js";
import { encodeRequest, newTransactionId, readReply, replyKey } from "./requests.js";
import { transactionKey } from "./transactions.js";
import type { StunReply, StunRequestOptions, StunTransport, StunTransportDeps } from "./types.js";

interface Waiter {
	readonly startedAt: number;
	readonly timer: unknown;
	readonly options: StunRequestOptions;
	resolve(reply: StunReply): void;
	reject(error: unknown): void;
}

/** Requests over one TCP or TLS connection (RFC 8489 section 6.2.2), any number at once, each sent once. */
export class StunStream implements StunTransport {
	readonly #socket: StreamSocket;
	readonly #server: Endpoint;
	readonly #clock: Clock;
	readonly #random: RandomBytes;
	readonly #framer = new StunFramer();
	readonly #waiters = new Map<string, Waiter>();
	/** Why no further request is possible. */
	#over: Error | undefined;

	/** @param socket connected to `server`. The caller destroys it. */
	constructor(socket: StreamSocket, server: Endpoint, deps: StunTransportDeps = {}) {
		this.#socket = socket;
		this.#server = server;
		this.#clock = deps.clock ?? systemClock;
		this.#random = deps.random ?? systemRandom;
		socket.on("data", this.#onData);
		socket.on("error", this.#onError);
		socket.on("close", this.#onClose);
	}

	local(): Endpoint {
		return { ip: this.#socket.localAddress ?? "", port: this.#socket.localPort ?? 0 };
	}

	/**
	 * Sends a request and waits for the response.
	 *
	 * @throws {StunTimeoutError} ERR_STUN_TIMEOUT if no response arrived in time
	 * @throws {StunNetworkError} ERR_STUN_NETWORK if the connection broke
	 * @throws {StunClosedError} ERR_STUN_CLOSED if this was closed
	 * @throws {StunConfigError} ERR_STUN_CONFIG for invalid options, and for a change request, which a connection cannot
	 * serve (RFC 5780 section 6)
	 * @throws {StunEncodeError} ERR_STUN_ENCODE for attributes that cannot be written
	 * @throws the signal's reason when it aborts
	 */
	async request(options: StunRequestOptions): Promise<StunReply> {
		checkOptions(options, REQUEST_FIELDS, { required: ["to"] });
		const { signal, giveUpAfter = STREAM_TIMEOUT } = options;
		signal?.throwIfAborted();
		if (options.changeIp === true || options.changePort === true) {
			throw new StunConfigError("changeIp and changePort need UDP: a connection has one server address", {
				argument: options.changeIp === true ? "changeIp" : "changePort",
			});
		}
		if (this.#over !== undefined) throw this.#over;
		const id = newTransactionId(this.#random, options.classic === true);
		const key = transactionKey(id);
		const abort = (): void => this.#fail(key, signal?.reason);
		try {
			return await new Promise<StunReply>((resolve, reject) => {
				const timedOut = (): void => this.#fail(key, new StunTimeoutError(this.#server, 1, giveUpAfter));
				const timer = this.#clock.setTimeout(timedOut, giveUpAfter);
				this.#waiters.set(key, { startedAt: this.#clock.now(), timer, options, resolve, reject });
				signal?.addEventListener("abort", abort, { once: true });
				this.#socket.write(encodeRequest(id, options));
			});
		} finally {
			signal?.removeEventListener("abort", abort);
		}
	}

	close(): void {
		this.#end(new StunClosedError("the STUN connection"));
	}

	readonly #onData = (chunk: Buffer): void => {
		try {
			for (const data of this.#framer.push(chunk)) this.#receive(data);
		} catch (error) {
			// The start of the next message is lost, so nothing after this can be read.
			this.#end(new StunNetworkError(this.#server, "EPROTO", error));
			this.#socket.destroy();
		}
	};

	readonly #onError = (error: Error): void =>
		this.#end(new StunNetworkError(this.#server, errnoOf(error), error));

	readonly #onClose = (): void => this.#end(new StunNetworkError(this.#server, "ECONNRESET"));

	#receive(data: Buffer): void {
		const key = replyKey(data);
		const waiter = key === undefined ? undefined : this.#waiters.get(key);
		const message = waiter === undefined ? undefined : readReply(data, waiter.options);
		if (key === undefined || waiter === undefined || message === undefined) return;
		const at = this.#clock.now();
		this.#forget(key, waiter);
		waiter.resolve({ message, from: this.#server, rtt: at - waiter.startedAt, sends: 1, at });
	}

	#forget(key: string, { timer }: Waiter): void {
		this.#clock.clearTimeout(timer);
		this.#waiters.delete(key);
	}

	#fail(key: string, error: unknown): void {
		const waiter = this.#waiters.get(key);
		if (waiter === undefined) return;
		this.#forget(key, waiter);
		waiter.reject(error);
	}

	#end(error: Error): void {
		if (this.#over !== undefined) return;
		this.#over = error;
		this.#socket.off("data", this.#onData);
		this.#socket.off("close", this.#onClose);
		// The error listener stays: an error without a listener would end the process.
		for (const key of [...this.#waiters.keys()]) this.#fail(key, error);
	}
}

/**
 * Cuts a byte stream into messages by their length field (RFC 8489 section 6.2.2). It holds at most one unfinished
 * message, which has at most 65555 bytes.
 */
export class StunFramer {
	#rest: Buffer = Buffer.alloc(0);

	/**
	 * Adds bytes. Returns the messages that they complete.
	 *
	 * @throws {StunDecodeError} ERR_STUN_DECODE if the bytes are not the start of a message; the stream is then unusable
	 */
	push(chunk: Uint8Array): Buffer[] {
		const data = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
		const messages: Buffer[] = [];
		let at = 0;
		while (data.length - at >= 4) {
			if (((data[at] ?? 0) & 0xc0) !== 0)
				throw new StunDecodeError("header", 0, "the first two bits are not zero");
			const length = data.readUInt16BE(at + 2);
			if (length % 4 !== 0) throw new StunDecodeError("header", 2, `length ${length} is not a multiple of 4`);
			const end = at + HEADER_LENGTH + length;
			if (end > data.length) break;
			messages.push(data.subarray(at, end));
			at = end;
		}
		this.#rest = data.subarray(at);
		return messages;
	}
}
