import { type Clock, MAX_TIMER } from "./clock.js";

/** When to give up, and with which error. */
export interface Deadline {
	/** In ms. */
	readonly timeout: number;
	readonly clock: Clock;
	/** Ends the wait early, with the signal's reason. */
	readonly signal?: AbortSignal | undefined;
	/** Makes the error that a timeout rejects with. */
	readonly onTimeout: () => Error;
}

/**
 * Waits for a promise, but not past the abort of a signal. What the promise stands for goes on.
 *
 * @throws the signal's reason as soon as it aborts, or what the promise rejects with
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (signal === undefined) return promise;
	return new Promise((resolve, reject) => {
		if (signal.aborted) {
			// The caller has given up; a later rejection has no one to go to.
			promise.catch(() => undefined);
			reject(signal.reason);
			return;
		}
		const onAbort = (): void => reject(signal.reason);
		const settle = (): void => signal.removeEventListener("abort", onAbort);
		signal.addEventListener("abort", onAbort, { once: true });
		promise.then(
			(value) => {
				settle();
				resolve(value);
			},
			(error: unknown) => {
				settle();
				reject(error);
			},
		);
	});
}

/**
 * Runs `work` with a signal of its own and a function that ends it. Rejects as soon as the caller's signal aborts or
 * `end` is called, even if `work` ignores its signal. When `work` settles, its signal is aborted too, so that
 * whatever it left running (the slower half of a race) stops.
 *
 * @throws the caller's reason, the reason given to `end`, or what `work` throws
 */
export async function withAbort<T>(
	signal: AbortSignal | undefined,
	work: (signal: AbortSignal, end: (reason: unknown) => void) => Promise<T>,
): Promise<T> {
	signal?.throwIfAborted();
	const inner = new AbortController();
	const ended = new Promise<never>((_, reject) => {
		inner.signal.addEventListener("abort", () => reject(inner.signal.reason), { once: true });
	});
	// It also rejects when the work is over and no one listens any more.
	ended.catch(() => undefined);
	const end = (reason: unknown): void => inner.abort(reason);
	const onAbort = (): void => end(signal?.reason);
	signal?.addEventListener("abort", onAbort, { once: true });
	try {
		return await Promise.race([work(inner.signal, end), ended]);
	} finally {
		signal?.removeEventListener("abort", onAbort);
		inner.abort();
	}
}

/**
 * Runs `work` with a signal that aborts at the deadline or with the caller's signal. Rejects at that moment even if
 * `work` ignores its signal. See {@link withAbort} for what happens to the signal afterwards.
 *
 * @throws what `onTimeout` makes, the caller's reason, or what `work` throws
 */
export function withDeadline<T>(deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const { clock, timeout, signal, onTimeout } = deadline;
	return withAbort(signal, async (inner, end) => {
		const timer = clock.setTimeout(() => end(onTimeout()), Math.min(timeout, MAX_TIMER));
		inner.addEventListener("abort", () => clock.clearTimeout(timer), { once: true });
		return work(inner);
	});
}

/**
 * Waits `ms` milliseconds.
 *
 * @throws the signal's reason as soon as it aborts
 */
export function sleep(ms: number, clock: Clock, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal?.aborted === true) {
			reject(signal.reason);
			return;
		}
		const onAbort = (): void => {
			clock.clearTimeout(timer);
			reject(signal?.reason);
		};
		const timer = clock.setTimeout(() => {
			signal?.removeEventListener("abort", onAbort);
			resolve();
		}, ms);
		signal?.addEventListener("abort", onAbort, { once: true });
	});
}

/** Calls that wait, each until a deadline of its own. */
export interface DeadlineWaits {
	/** Ends every wait whose deadline is at or before `now`. Returns the earliest deadline left, or Infinity. */
	expire(now: number): number;
}

/**
 * One timer for many waits. Nearly every wait is over long before its deadline, and setting and clearing a timer for
 * each costs more than the work itself. So the timer is set for the earliest deadline only, and when it fires the
 * waits are looked through.
 */
export class DeadlineTimer {
	readonly #clock: Clock;
	readonly #waits: DeadlineWaits;
	#armedFor = Number.POSITIVE_INFINITY;
	#timer: unknown = null;

	constructor(clock: Clock, waits: DeadlineWaits) {
		this.#clock = clock;
		this.#waits = waits;
	}

	/**
	 * Makes sure that the waits are looked through `timeout` ms from now.
	 *
	 * @returns that deadline, on the clock; Infinity for an infinite timeout
	 */
	add(timeout: number): number {
		if (timeout === Number.POSITIVE_INFINITY) return timeout;
		const now = this.#clock.now();
		const deadline = now + timeout;
		if (deadline < this.#armedFor) this.#arm(deadline, now);
		return deadline;
	}

	/** Stops the timer. */
	clear(): void {
		if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
		this.#timer = null;
		this.#armedFor = Number.POSITIVE_INFINITY;
	}

	#arm(deadline: number, now: number): void {
		if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
		this.#armedFor = deadline;
		// Rounded up: a timer that fires early would find nothing to end.
		const delay = Math.min(Math.ceil(deadline - now), MAX_TIMER);
		this.#timer = this.#clock.setTimeout(() => this.#fire(), delay);
		// The socket keeps the process alive, not a timer whose waits may be over already.
		if (hasUnref(this.#timer)) this.#timer.unref();
	}

	#fire(): void {
		this.#timer = null;
		this.#armedFor = Number.POSITIVE_INFINITY;
		const now = this.#clock.now();
		const next = this.#waits.expire(now);
		if (next < this.#armedFor) this.#arm(next, now);
	}
}

function hasUnref(handle: unknown): handle is { unref(): void } {
	return typeof handle === "object" && handle !== null && "unref" in handle;
}
