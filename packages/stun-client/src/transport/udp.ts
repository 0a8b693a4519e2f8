import {
	type Clock,
	type Endpoint,
	is,
	type RandomBytes,
	type Sender,
	systemClock,
	systemRandom,
	type UdpSocket,
} from "@p2pd/net";
import { COMMON_DEPS, checkOptions, isUdpSocket, REQUEST_FIELDS } from "../arguments.js";
import { errnoOf, StunClosedError, StunNetworkError, StunTimeoutError } from "../errors.js";
import { encodeRequest, newTransactionId, readReply, replyKey } from "./requests.js";
import { tapMessages } from "./tap.js";
import {
	RtoTable,
	retransmissionSchedule,
	rtoFromRtt,
	type Schedule,
	StunTransactions,
	transactionKey,
	withGiveUp,
} from "./transactions.js";
import type {
	StunReply,
	StunRequestOptions,
	StunSocketCounts,
	StunTransport,
	StunTransportDeps,
} from "./types.js";

/** How a {@link StunSocket} uses the socket that it is given. */
export interface StunSocketOptions {
	/** A bound socket. It stays open when the StunSocket is closed. */
	readonly socket: UdpSocket;
	/** Other code reads the socket too: it gets everything except the replies to our requests. @default false */
	readonly attached?: boolean;
	/** The socket is connected to the server: it reports ICMP errors and receives from no other address. @default false */
	readonly connected?: boolean;
}

const SOCKET_FIELDS = { socket: isUdpSocket, attached: is.boolean, connected: is.boolean };

interface Waiter {
	readonly packet: Buffer;
	readonly to: Endpoint;
	readonly options: StunRequestOptions;
	resolve(reply: StunReply): void;
	reject(error: unknown): void;
}

/** Requests over one UDP socket, any number at once, all from the port of that socket. */
export class StunSocket implements StunTransport {
	readonly #socket: UdpSocket;
	readonly #connected: boolean;
	readonly #clock: Clock;
	readonly #random: RandomBytes;
	readonly #rto: RtoTable;
	readonly #table = new StunTransactions();
	readonly #waiters = new Map<string, Waiter>();
	readonly #detach: () => void;
	#timer: unknown;
	#timerAt = Number.POSITIVE_INFINITY;
	#closed = false;
	#counts: StunSocketCounts = { wrongSource: 0, late: 0, refused: 0 };

	/** @throws {StunConfigError} ERR_STUN_CONFIG for invalid options */
	constructor(options: StunSocketOptions, deps: StunTransportDeps = {}) {
		checkOptions(options, SOCKET_FIELDS, { required: ["socket"] });
		checkOptions(deps, { ...COMMON_DEPS, rtoTable: is.object });
		const { socket, attached = false, connected = false } = options;
		this.#socket = socket;
		this.#connected = connected;
		this.#clock = deps.clock ?? systemClock;
		this.#random = deps.random ?? systemRandom;
		this.#rto = deps.rtoTable ?? new RtoTable();
		this.#detach = this.#listen(attached);
	}

	/** Replies that were received and not accepted. */
	get counts(): StunSocketCounts {
		return this.#counts;
	}

	/** The address that the socket is bound to. */
	local(): Endpoint {
		const { address, port } = this.#socket.address();
		return { ip: address, port };
	}

	/**
	 * Sends a request, again and again, until a response to it arrives from the expected source.
	 *
	 * @throws {StunTimeoutError} ERR_STUN_TIMEOUT if no response arrived in time
	 * @throws {StunNetworkError} ERR_STUN_NETWORK if the network refused it
	 * @throws {StunClosedError} ERR_STUN_CLOSED if this or the socket was closed
	 * @throws {StunConfigError} ERR_STUN_CONFIG for invalid options
	 * @throws {StunEncodeError} ERR_STUN_ENCODE for attributes that cannot be written
	 * @throws the signal's reason when it aborts
	 */
	async request(options: StunRequestOptions): Promise<StunReply> {
		checkOptions(options, REQUEST_FIELDS, { required: ["to"] });
		const { signal, to } = options;
		signal?.throwIfAborted();
		if (this.#closed) throw new StunClosedError("the STUN socket");
		const id = newTransactionId(this.#random, options.classic === true);
		const key = transactionKey(id);
		const packet = encodeRequest(id, options);
		const schedule = this.#schedule(options);
		const abort = (): void => this.#fail(key, signal?.reason);
		try {
			return await new Promise<StunReply>((resolve, reject) => {
				this.#waiters.set(key, { packet, to, options, resolve, reject });
				signal?.addEventListener("abort", abort, { once: true });
				this.#table.begin({ key, to, expectFrom: options.expectFrom ?? to, schedule }, this.#clock.now());
				this.#run();
			});
		} finally {
			signal?.removeEventListener("abort", abort);
		}
	}

	/** Detaches from the socket, which stays open. Running requests fail with ERR_STUN_CLOSED. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#failAll(() => new StunClosedError("the STUN socket"));
		this.#detach();
		this.#arm();
	}

	#schedule({ to, schedule, giveUpAfter, rtt }: StunRequestOptions): Schedule {
		const rto = rtt === undefined ? this.#rto.rto(to.ip, this.#clock.now()) : rtoFromRtt(rtt);
		const standard = retransmissionSchedule(rto);
		if (schedule === undefined)
			return giveUpAfter === undefined ? standard : withGiveUp(standard, giveUpAfter);
		const last = schedule.at(-1) ?? 0;
		return {
			sendAt: schedule,
			giveUpAfter: giveUpAfter ?? last + (standard.giveUpAfter - (standard.sendAt.at(-1) ?? 0)),
		};
	}

	#listen(attached: boolean): () => void {
		const socket = this.#socket;
		const onMessage = (data: Buffer, from: Sender): boolean => this.#receive(data, from);
		const onError = (error: Error): void => {
			this.#failAll((to) => new StunNetworkError(to, errnoOf(error), error));
		};
		// Errors of a connected socket are ICMP errors from its one peer. Errors of a shared, unconnected socket come from
		// what other code sent; our own sends report through their callbacks.
		const hearsErrors = this.#connected || !attached;
		const onClose = (): void => this.close();
		const untap = attached ? tapMessages(socket, onMessage) : undefined;
		if (untap === undefined) socket.on("message", onMessage);
		if (hearsErrors) socket.on("error", onError);
		socket.on("close", onClose);
		return () => {
			if (untap === undefined) socket.off("message", onMessage);
			else untap();
			if (hearsErrors) socket.off("error", onError);
			socket.off("close", onClose);
		};
	}

	/** Sends what is due, ends what has timed out, and sets the timer for what comes next. */
	#run(): void {
		const now = this.#clock.now();
		for (const step of this.#table.due(now)) {
			const waiter = this.#waiters.get(step.key);
			if (waiter === undefined) continue;
			if (step.kind === "send") this.#send(step.key, waiter);
			else {
				this.#waiters.delete(step.key);
				waiter.reject(new StunTimeoutError(waiter.to, step.sends, step.waited));
			}
		}
		this.#arm();
	}

	#arm(): void {
		const next = this.#table.nextAt() ?? Number.POSITIVE_INFINITY;
		if (next === this.#timerAt) return;
		if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#timerAt = next;
		if (next === Number.POSITIVE_INFINITY) return;
		this.#timer = this.#clock.setTimeout(
			() => {
				this.#timer = undefined;
				this.#timerAt = Number.POSITIVE_INFINITY;
				this.#run();
			},
			Math.max(0, Math.ceil(next - this.#clock.now())),
		);
	}

	#send(key: string, { packet, to }: Waiter): void {
		const failed = (error: Error): void => this.#fail(key, new StunNetworkError(to, errnoOf(error), error));
		const sent = (error: Error | null): void => {
			if (error !== null && error !== undefined) failed(error);
		};
		try {
			if (this.#connected) this.#socket.send(packet, sent);
			else this.#socket.send(packet, to.port, to.ip, sent);
		} catch (error) {
			failed(error instanceof Error ? error : new Error(String(error)));
		}
	}

	/** Returns whether the datagram has the id of one of our requests. */
	#receive(data: Buffer, from: Sender): boolean {
		const key = replyKey(data);
		if (key === undefined) return false;
		const now = this.#clock.now();
		const source = { ip: from.address, port: from.port };
		const verdict = this.#table.judge(key, source, now);
		if (verdict.kind === "foreign") return false;
		if (verdict.kind === "late") this.#count("late");
		else if (verdict.kind === "wrong-source") this.#count("wrongSource");
		else this.#answer(data, source, now, verdict);
		return true;
	}

	#answer(
		data: Buffer,
		from: Endpoint,
		now: number,
		{ key, rtt, sends }: { key: string; rtt: number; sends: number },
	): void {
		const waiter = this.#waiters.get(key);
		const message = waiter === undefined ? undefined : readReply(data, waiter.options);
		if (waiter === undefined || message === undefined) {
			this.#count("refused");
			return;
		}
		if (sends === 1) this.#rto.learn(waiter.to.ip, rtt, now);
		this.#table.finish(key, now);
		this.#waiters.delete(key);
		this.#arm();
		waiter.resolve({ message, from, rtt, sends, at: now });
	}

	#count(what: keyof StunSocketCounts): void {
		this.#counts = { ...this.#counts, [what]: this.#counts[what] + 1 };
	}

	#fail(key: string, error: unknown): void {
		const waiter = this.#waiters.get(key);
		this.#table.finish(key, this.#clock.now());
		this.#waiters.delete(key);
		this.#arm();
		waiter?.reject(error);
	}

	#failAll(errorFor: (to: Endpoint) => Error): void {
		for (const [key, { to }] of [...this.#waiters]) this.#fail(key, errorFor(to));
	}
}

/** Closes a socket. Does nothing if it is closed already. */
export function closeUdp(socket: UdpSocket): Promise<void> {
	return new Promise((resolve, reject) => {
		try {
			socket.close(() => resolve());
		} catch (error) {
			if (error instanceof Error && errnoOf(error) === "ERR_SOCKET_DGRAM_NOT_RUNNING") resolve();
			else reject(error);
		}
	});
}
