import { PipeClosedError } from "../errors.js";
import { Waiters } from "../subscription/waiter.js";
import type { EndReason } from "../types.js";

/** Connections that nobody has asked for yet, and those who wait for the next one, in the order of arrival. */
export class AcceptQueue<T> {
	readonly #limit: number;
	#queue: T[] = [];
	readonly #waiters = new Waiters<T>();
	#ended: EndReason | null = null;

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Whether there is room for no more. */
	get full(): boolean {
		return this.#queue.length >= this.#limit;
	}

	/** Gives `item` to who waits, or queues it; the oldest is forgotten if the queue is full. */
	push(item: T): void {
		const waiter = this.#waiters.shift();
		if (waiter !== undefined) {
			waiter.resolve(item);
			return;
		}
		if (this.full) this.#queue.shift();
		this.#queue.push(item);
	}

	/** Forgets an item that nobody asked for. */
	remove(item: T): void {
		if (this.#queue.includes(item)) this.#queue = this.#queue.filter((other) => other !== item);
	}

	/**
	 * The next item; null once the clock passes `deadline`.
	 *
	 * @throws PipeClosedError if the server has ended and nothing is queued
	 */
	next(deadline: number, signal?: AbortSignal): Promise<T | null> {
		const item = this.#queue.shift();
		if (item !== undefined) return Promise.resolve(item);
		if (this.#ended !== null) return Promise.reject(new PipeClosedError(this.#ended));
		return new Promise((resolve, reject) => this.#waiters.add({ resolve, reject, deadline }, signal));
	}

	expire(now: number): number {
		return this.#waiters.expire(now);
	}

	/** No connection will follow, and those queued go with their server. */
	end(reason: EndReason): void {
		this.#ended = reason;
		this.#queue = [];
		this.#waiters.rejectAll(new PipeClosedError(reason));
	}
}
