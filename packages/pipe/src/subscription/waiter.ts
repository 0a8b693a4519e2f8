/** One call that waits for the next item. */
export interface Waiter<T> {
	/** Null once the time is over. */
	readonly resolve: (item: T | null) => void;
	readonly reject: (error: unknown) => void;
	/** Clock time at which it resolves to null; Infinity for never. */
	readonly deadline: number;
}

/** Those who wait for the next item, first come first served. */
export class Waiters<T> {
	#list: Waiter<T>[] = [];

	/** Waits for an item. The signal, if it aborts first, rejects with its reason. */
	add(waiter: Waiter<T>, signal?: AbortSignal): void {
		if (signal === undefined) {
			this.#list.push(waiter);
			return;
		}
		const settled = (): void => signal.removeEventListener("abort", aborted);
		const tracked: Waiter<T> = {
			deadline: waiter.deadline,
			resolve: (item) => {
				settled();
				waiter.resolve(item);
			},
			reject: (error) => {
				settled();
				waiter.reject(error);
			},
		};
		const aborted = (): void => {
			this.#list = this.#list.filter((other) => other !== tracked);
			tracked.reject(signal.reason);
		};
		signal.addEventListener("abort", aborted, { once: true });
		this.#list.push(tracked);
	}

	/** Takes out the one that has waited longest. */
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
