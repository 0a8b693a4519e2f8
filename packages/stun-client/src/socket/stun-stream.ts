import { randomBytes } from "node:crypto";
import { checkTime } from "../check-time.js";
import { systemClock } from "../clock.js";
import type { StunMessage } from "../codec/types.js";
import { STREAM_TIMEOUT } from "../defaults.js";
import { errnoOf, StunClosedError, StunConfigError, StunNetworkError, StunTimeoutError } from "../errors.js";
import { transactionKey } from "../transactions/transactions.js";
import type { Clock, HostPort, RandomBytes, StreamSocket, StunDeps } from "../types.js";
import { encodeRequest, newTransactionId, readReply, replyKey } from "./binding.js";
import { StreamFramer } from "./stream-framer.js";
import type { StunReply, StunRequestOptions, StunTransport } from "./types.js";

interface Waiter {
	readonly startedAt: number;
	readonly timer: unknown;
	readonly accept: ((message: StunMessage) => boolean) | undefined;
	resolve(reply: StunReply): void;
	reject(error: unknown): void;
}

/** Requests over one TCP or TLS connection (RFC 8489 section 6.2.2): sent once, any number at once. */
export class StunStream implements StunTransport {
	readonly #socket: StreamSocket;
	readonly #server: HostPort;
	readonly #clock: Clock;
	readonly #random: RandomBytes;
	readonly #framer = new StreamFramer();
	readonly #waiters = new Map<string, Waiter>();
	/** Why nothing more can be asked. */
	#over: Error | undefined;

	/** @param socket connected to `server`; it stays the caller's to destroy */
	constructor(socket: StreamSocket, server: HostPort, deps: StunDeps = {}) {
		this.#socket = socket;
		this.#server = server;
		this.#clock = deps.clock ?? systemClock;
		this.#random = deps.random ?? randomBytes;
		socket.on("data", this.#onData);
		socket.on("error", this.#onError);
		socket.on("close", this.#onClose);
	}

	local(): HostPort {
		return { ip: this.#socket.localAddress ?? "", port: this.#socket.localPort ?? 0 };
	}

	/**
	 * Sends a Binding request and waits for its answer.
	 *
	 * @throws {StunTimeoutError} ERR_STUN_TIMEOUT when none came in time
	 * @throws {StunNetworkError} ERR_STUN_NETWORK when the connection broke
	 * @throws {StunClosedError} ERR_STUN_CLOSED when this was closed
	 * @throws {StunConfigError} ERR_STUN_CONFIG for a change request, which a connection cannot serve (RFC 5780 section 6)
	 * @throws the signal's reason when it was aborted
	 */
	async request(options: StunRequestOptions): Promise<StunReply> {
		const { signal, accept, giveUpAfter = STREAM_TIMEOUT } = options;
		signal?.throwIfAborted();
		if (options.changeIp === true || options.changePort === true) {
			throw new StunConfigError("a change request needs UDP: a connection has one server address");
		}
		checkTime("giveUpAfter", giveUpAfter);
		if (this.#over !== undefined) throw this.#over;
		const id = newTransactionId(this.#random, options.classic === true);
		const key = transactionKey(id);
		const abort = (): void => this.#fail(key, signal?.reason);
		try {
			return await new Promise<StunReply>((resolve, reject) => {
				const timedOut = (): void => this.#fail(key, new StunTimeoutError(this.#server, 1, giveUpAfter));
				const timer = this.#clock.setTimeout(timedOut, giveUpAfter);
				this.#waiters.set(key, { startedAt: this.#clock.now(), timer, accept, resolve, reject });
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
			// Out of step with the stream: nothing after this can be understood.
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
		const message = waiter === undefined ? undefined : readReply(data, waiter.accept);
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
		// The error listener stays: an unheard error would end the process.
		for (const key of [...this.#waiters.keys()]) this.#fail(key, error);
	}
}
