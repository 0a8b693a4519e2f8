import { callReported } from "../callbacks.js";
import { PipeClosedError, PipeOverflowError } from "../errors.js";
import type {
	PipeEndReason,
	PipeMessage,
	PipeMessageCallback,
	PipeQueuePolicy,
	PipeSubscriptionInfo,
} from "../types.js";
import type { Matcher } from "./matcher.js";
import { MessageQueue } from "./queue.js";
import { type Waiter, Waiters } from "./waiters.js";

/** Takes each message instead of `recv`. */
export interface MessageHandler {
	/** What the program gave, to tell the same handler again. */
	readonly given: PipeMessageCallback;
	/** What it throws is reported. A promise holds up the next message. */
	handle(message: PipeMessage): unknown;
}

/** What a subscription needs from the pipe around it. */
export interface SubscriptionHost {
	/** Stop reading until `release`: the queue is full. */
	stall(by: Subscription): void;
	release(by: Subscription): void;
	/** Reports an error that has no caller to go to. */
	report(error: Error): void;
}

/** What a subscription is made with. */
export interface SubscriptionInit {
	/** As the caller gave it, to find it again by identity. */
	readonly given: unknown;
	readonly matcher: Matcher;
	readonly name: string;
	readonly policy: PipeQueuePolicy;
	readonly maxMessages: number;
	readonly maxBytes: number;
	readonly handler: MessageHandler | null;
	readonly host: SubscriptionHost;
	/** The pipe's end, if it has ended already. */
	readonly ended: PipeEndReason | null;
}

/** A bounded queue of the messages that match, and the calls that wait for the next one. */
export class Subscription {
	readonly kind = "subscription";
	readonly given: unknown;
	readonly matcher: Matcher;
	readonly name: string;
	readonly policy: PipeQueuePolicy;
	readonly #maxMessages: number;
	readonly #maxBytes: number;
	readonly handler: MessageHandler | null;
	readonly #host: SubscriptionHost;
	readonly #queue = new MessageQueue();
	readonly #waiters = new Waiters<PipeMessage>();
	#handling = false;
	#stalling = false;
	/** Messages lost since the last one queued, under the policy `error`. */
	#gap = 0;
	#ended: PipeEndReason | null;
	#matched = 0;
	#dropped = 0;
	#isDropped = false;
	#stalls = 0;

	constructor(init: SubscriptionInit) {
		this.given = init.given;
		this.matcher = init.matcher;
		this.name = init.name;
		this.policy = init.policy;
		this.#maxMessages = init.maxMessages;
		this.#maxBytes = init.maxBytes;
		this.handler = init.handler;
		this.#host = init.host;
		this.#ended = init.ended;
	}

	get info(): PipeSubscriptionInfo {
		return {
			name: this.name,
			policy: this.policy,
			queued: this.#queue.length,
			queuedBytes: this.#queue.bytes,
			matched: this.#matched,
			dropped: this.#dropped,
			stalls: this.#stalls,
		};
	}

	/** Whether it was removed, and takes no message any more. */
	get dropped(): boolean {
		return this.#isDropped;
	}

	/** Takes a matching message. */
	push(message: PipeMessage): void {
		this.#matched++;
		const waiter = this.#waiters.shift();
		if (waiter !== undefined) {
			waiter.resolve(message);
			return;
		}
		if (this.handler !== null && !this.#handling) {
			this.#handle(message, this.handler);
			return;
		}
		if (!this.#makeRoom(message[1].length)) return;
		this.#queue.push(message);
		if (this.policy === "wait" && !this.#stalling && this.#full(0)) {
			this.#stalling = true;
			this.#stalls++;
			this.#host.stall(this);
		}
	}

	/** The next queued message, if there is one; what is read may let the pipe read on. */
	take(): PipeMessage | undefined {
		const message = this.#queue.shift();
		// Half empty before it goes on, or pipe and reader would take turns at every message.
		if (
			this.#stalling &&
			this.#queue.length * 2 <= this.#maxMessages &&
			this.#queue.bytes * 2 <= this.#maxBytes
		) {
			this.#stalling = false;
			this.#host.release(this);
		}
		return message;
	}

	/**
	 * What keeps `recv` from waiting: an error at this place of the queue, or the pipe's end.
	 * Asked once the queue is empty.
	 */
	refusal(): Error | null {
		if (this.#gap > 0) {
			const error = new PipeOverflowError(this.name, this.#gap);
			this.#gap = 0;
			return error;
		}
		return this.#ended === null ? null : new PipeClosedError(this.#ended);
	}

	/** Waits for the next message, with its sender if `full`; null once the clock passes `deadline`. */
	wait(deadline: number, full: boolean, signal?: AbortSignal): Promise<Buffer | PipeMessage | null> {
		return new Promise((resolve, reject) => {
			this.#waiters.add(new MessageWaiter(resolve, reject, deadline, full), signal);
		});
	}

	/** Ends the waits that are over. Returns the earliest deadline left. */
	expire(now: number): number {
		return this.#waiters.expire(now);
	}

	/** No message will follow; what is queued stays to be read. */
	end(reason: PipeEndReason): void {
		if (this.#ended !== null) return;
		this.#ended = reason;
		this.#waiters.rejectAll(new PipeClosedError(reason));
	}

	/** Lets go of everything: the queue, the waits (with `error`), the pipe's reading. */
	drop(error: Error): void {
		this.#isDropped = true;
		this.#queue.clear();
		this.#waiters.rejectAll(error);
		if (!this.#stalling) return;
		this.#stalling = false;
		this.#host.release(this);
	}

	#full(more: number): boolean {
		const { length, bytes } = this.#queue;
		// Asked before a push, `more` bytes must fit besides; asked after, the queue may not be at its limit.
		return (
			length >= this.#maxMessages ||
			(more === 0 ? bytes >= this.#maxBytes : length > 0 && bytes + more > this.#maxBytes)
		);
	}

	#makeRoom(bytes: number): boolean {
		switch (this.policy) {
			case "wait":
				return true;
			case "drop-oldest":
				while (this.#queue.length > 0 && this.#full(bytes)) {
					this.#queue.shift();
					this.#dropped++;
				}
				return true;
			case "drop-newest":
				if (!this.#full(bytes)) return true;
				this.#dropped++;
				return false;
			case "error":
				if (this.#gap === 0 && !this.#full(bytes)) return true;
				this.#gap++;
				this.#dropped++;
				return false;
		}
	}

	/** Gives a message to the handler, then those that were queued meanwhile; never two at once. */
	#handle(first: PipeMessage, handler: MessageHandler): void {
		this.#handling = true;
		let message: PipeMessage | undefined = first;
		while (message !== undefined) {
			const pending = callReported("subscription", this.#host, handler.handle, [message]);
			if (pending !== undefined) {
				void pending.then(() => this.#next(handler));
				return;
			}
			message = this.take();
		}
		this.#handling = false;
		this.#reportGap();
	}

	#next(handler: MessageHandler): void {
		const message = this.take();
		if (message !== undefined) {
			this.#handle(message, handler);
			return;
		}
		this.#handling = false;
		this.#reportGap();
	}

	#reportGap(): void {
		if (this.#gap === 0) return;
		const error = new PipeOverflowError(this.name, this.#gap);
		this.#gap = 0;
		this.#host.report(error);
	}
}

/** A `recv` that waits. */
class MessageWaiter implements Waiter<PipeMessage> {
	readonly reject: (error: unknown) => void;
	readonly deadline: number;
	readonly #resolve: (message: Buffer | PipeMessage | null) => void;
	readonly #full: boolean;

	constructor(
		resolve: (message: Buffer | PipeMessage | null) => void,
		reject: (error: unknown) => void,
		deadline: number,
		full: boolean,
	) {
		this.#resolve = resolve;
		this.reject = reject;
		this.deadline = deadline;
		this.#full = full;
	}

	resolve(message: PipeMessage | null): void {
		this.#resolve(this.#full || message === null ? message : message[1]);
	}
}
