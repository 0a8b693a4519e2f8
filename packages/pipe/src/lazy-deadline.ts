import type { Clock } from "./types.js";

/** Calls that wait, each until a deadline. */
export interface Waits {
	/** Ends every wait whose deadline is not after `now`. Returns the earliest one left, or Infinity. */
	expire(now: number): number;
}

/**
 * One timer for all waits of a pipe. Each `recv` has a deadline, and nearly all are answered long before it:
 * setting and clearing a timer for each would cost more than the message. So the timer is only ever set for
 * the earliest deadline, and when it fires the waits are looked through.
 */
export class LazyDeadline {
	readonly #clock: Clock;
	readonly #waits: Waits;
	#armedFor = Number.POSITIVE_INFINITY;
	#timer: unknown = null;

	constructor(clock: Clock, waits: Waits) {
		this.#clock = clock;
		this.#waits = waits;
	}

	/** Makes sure that the waits are looked through `timeout` milliseconds from now, and returns that deadline. */
	need(timeout: number): number {
		if (timeout === Number.POSITIVE_INFINITY) return timeout;
		const now = this.#clock.now();
		const deadline = now + timeout;
		if (deadline < this.#armedFor) this.#arm(deadline, now);
		return deadline;
	}

	clear(): void {
		if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
		this.#timer = null;
		this.#armedFor = Number.POSITIVE_INFINITY;
	}

	#arm(deadline: number, now: number): void {
		if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
		this.#armedFor = deadline;
		// Rounded up: a timer that fires early would find nothing to end. Node keeps at most 2^31 - 1 ms.
		const delay = Math.min(Math.ceil(deadline - now), 0x7fffffff);
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
