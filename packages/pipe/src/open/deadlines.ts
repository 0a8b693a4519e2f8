import { LazyDeadline, type Waits } from "../lazy-deadline.js";
import type { Clock } from "../types.js";

/** Something that is given up when its time is over. */
export interface Limited {
	timedOut(): void;
}

/**
 * The time limits of all connecting on one clock. They share a timer, since nearly every connection stands or
 * fails long before its limit: a timer for each costs more than all else that a pipe adds to connecting.
 */
export class Deadlines implements Waits {
	static readonly #byClock = new WeakMap<Clock, Deadlines>();
	readonly #running = new Map<Limited, number>();
	readonly #timer: LazyDeadline;

	private constructor(clock: Clock) {
		this.#timer = new LazyDeadline(clock, this);
	}

	/** Those of a clock. */
	static on(clock: Clock): Deadlines {
		let deadlines = Deadlines.#byClock.get(clock);
		if (deadlines === undefined) {
			deadlines = new Deadlines(clock);
			Deadlines.#byClock.set(clock, deadlines);
		}
		return deadlines;
	}

	/** Calls `timedOut` after so many milliseconds, unless `remove` comes first. */
	add(limited: Limited, timeout: number): void {
		this.#running.set(limited, this.#timer.need(timeout));
	}

	remove(limited: Limited): void {
		this.#running.delete(limited);
	}

	expire(now: number): number {
		let next = Number.POSITIVE_INFINITY;
		for (const [limited, deadline] of this.#running) {
			if (deadline > now) next = Math.min(next, deadline);
			else {
				this.#running.delete(limited);
				limited.timedOut();
			}
		}
		return next;
	}
}
