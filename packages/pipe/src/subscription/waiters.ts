/** One call that waits for the next item. */
export interface Waiter<T> {
	/** Null after the deadline. */
	resolve(item: T | null): void;
	reject(error: unknown): void;
	/** When it resolves to null, on the clock; Infinity for never. */
	readonly deadline: number;
}

/** Calls that wait for the next item, served in order of arrival. */
export class Waiters<T> {
	#list: Waiter<T>[] = [];

	/** Adds `waiter`. If the signal aborts first, it rejects with the signal's reason. */
	add(waiter: Waiter<T>, signal?: AbortSignal): void {
		this.#list.push(signal === undefined ? waiter : new AbortableWaiter(waiter, signal, this));
	}

	/** Removes one that no longer waits. */
	remove(waiter: Waiter<T>): void {
		this.#list = this.#list.filter((other) => other !== waiter);
	}

	/** Removes and returns the one that has waited longest. */
	shift(): Waiter<T> | undefined {
		return this.#list.shift();
	}

	/** Resolves those whose time is over to null. Returns the earliest deadline left. */
	expire(now: number): number {
		const over = this.#list.filter((waiter) => waiter.deadline <= now);
		if (over.length > 0) this.#list = this.#list.filter((waiter) => waiter.deadline > now);
		const next = this.#list.reduce(
			(least, { deadline }) => Math.min(least, deadline),
			Number.POSITIVE_INFINITY,
		);
		for (const waiter of over) waiter.resolve(null);
		return next;
	}

	rejectAll(error: unknown): void {
		const all = this.#list;
		this.#list = [];
		for (const waiter of all) waiter.reject(error);
	}
}

/** A waiter that a signal can stop. */
class AbortableWaiter<T> implements Waiter<T> {
	readonly deadline: number;
	readonly #inner: Waiter<T>;
	readonly #signal: AbortSignal;
	readonly #aborted: () => void;

	constructor(inner: Waiter<T>, signal: AbortSignal, waiters: Waiters<T>) {
		this.deadline = inner.deadline;
		this.#inner = inner;
		this.#signal = signal;
		this.#aborted = () => {
			waiters.remove(this);
			inner.reject(signal.reason);
		};
		signal.addEventListener("abort", this.#aborted, { once: true });
	}

	resolve(item: T | null): void {
		this.#signal.removeEventListener("abort", this.#aborted);
		this.#inner.resolve(item);
	}

	reject(error: unknown): void {
		this.#signal.removeEventListener("abort", this.#aborted);
		this.#inner.reject(error);
	}
}
