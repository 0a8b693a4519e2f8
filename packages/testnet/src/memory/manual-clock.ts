import { setImmediate as nextTurn } from "node:timers";
import { IDLE_TURNS, MAX_EVENTS_AT_ONCE, RUN_LIMIT_MS } from "./defaults.js";
import { ClockError } from "./errors.js";
import type { Clock } from "./types.js";

/** What a run of the clock is for: a time (`advance`), or a promise with a last time (`runUntil`). */
interface Goal {
	readonly at: number;
	readonly what: "time" | "promise";
	reached: boolean;
	done(): void;
	fail(error: unknown): void;
}

/** One turn of Node's event loop: everything that is ready (ticks, microtasks, immediates) has happened after it. */
const turn = (): Promise<void> => new Promise((resolve) => nextTurn(resolve));

/**
 * Time that only moves when it is told to. After every timer and every delivery to the code under test, one
 * turn of the event loop is given, so whatever that code does at once (any depth of promises, ticks and
 * streams) happens at that very time. Code that waits for real I/O has no place on such a clock.
 *
 * @example
 * const clock = new ManualClock();
 * const report = await clock.runUntil(discover({ clock }));
 */
export class ManualClock implements Clock {
	readonly #queue = new TimerQueue();
	#now: number;
	#goals: Goal[] = [];
	#driving = false;
	#entered = false;

	/** @param startAt what `now()` says first, ms. @default 0 */
	constructor(startAt = 0) {
		this.#now = startAt;
	}

	/** Milliseconds since some start; moves only in `advance` and `runUntil`. */
	now(): number {
		return this.#now;
	}

	/** How many timers are set: 0 once everything under test has ended and cleared its own. */
	get pending(): number {
		return this.#queue.waiting;
	}

	/** Runs `fn` in `ms` of this clock's time; negative and NaN count as 0. */
	setTimeout(fn: () => void, ms: number): unknown {
		return this.schedule(() => {
			this.#entered = true;
			fn();
		}, ms);
	}

	/** Cancels what `setTimeout` returned; anything else is ignored, as Node does. */
	clearTimeout(handle: unknown): void {
		if (typeof handle === "object" && handle !== null && "run" in handle) (handle as Scheduled).run = null;
	}

	/**
	 * Moves on by `ms`, running everything due on the way, in order.
	 * @throws whatever a timer's function threw; ClockError `ERR_TESTNET_CLOCK_STUCK`
	 */
	advance(ms: number): Promise<void> {
		return this.#until("time", this.#now + Math.max(0, ms), null);
	}

	/**
	 * Moves on from event to event until `promise` settles, and no further.
	 * @param limitMs of this clock's time. @default an hour
	 * @returns what the promise gives
	 * @throws what the promise throws; ClockError `ERR_TESTNET_CLOCK_IDLE` when nothing is left that could
	 * happen, `ERR_TESTNET_CLOCK_LIMIT` after `limitMs`, `ERR_TESTNET_CLOCK_STUCK` when time stands still
	 */
	async runUntil<T>(promise: PromiseLike<T>, limitMs: number = RUN_LIMIT_MS): Promise<T> {
		await this.#until("promise", this.#now + limitMs, promise);
		return promise;
	}

	/**
	 * For the network itself: as `setTimeout`, without a turn of the event loop afterwards. What calls the code
	 * under test says so with `enter()`.
	 */
	schedule(run: () => void, ms: number): Scheduled {
		return this.#queue.add(this.#now + Math.max(ms || 0, 0), run);
	}

	/** For the network itself: code outside it is about to run, so a turn is due before time moves on. */
	enter(): void {
		this.#entered = true;
	}

	#until(what: Goal["what"], at: number, promise: PromiseLike<unknown> | null): Promise<void> {
		return new Promise((resolve, reject) => {
			const goal: Goal = { at, what, reached: false, done: resolve, fail: reject };
			const reached = (): void => {
				goal.reached = true;
			};
			promise?.then(reached, reached);
			this.#goals.push(goal);
			if (!this.#driving) void this.#drive();
		});
	}

	/** The one loop; it ends when no goal is left. Several runs at once share it. */
	async #drive(): Promise<void> {
		this.#driving = true;
		let idle = 0;
		while (this.#goals.length > 0) {
			await turn();
			this.#settle((goal) => goal.reached);
			if (this.#goals.length === 0) break;
			const next = this.#queue.peek();
			const last = this.#goals.reduce((least, goal) => Math.min(least, goal.at), Number.POSITIVE_INFINITY);
			if (next === undefined && this.#goals.every((goal) => goal.what === "promise")) {
				idle += 1;
				if (idle > IDLE_TURNS) this.#fail(() => true, "IDLE", "nothing is left that could happen");
				continue;
			}
			idle = 0;
			if (next === undefined || next.at > last) {
				this.#now = Math.max(this.#now, last);
				this.#settle((goal) => goal.what === "time" && goal.at <= last);
				this.#fail((goal) => goal.at <= last, "LIMIT", "the promise did not settle in time");
				continue;
			}
			this.#runEvents(last);
		}
		this.#driving = false;
	}

	/** Runs events up to `last` until one has entered the code under test. */
	#runEvents(last: number): void {
		this.#entered = false;
		try {
			for (let left = MAX_EVENTS_AT_ONCE; !this.#entered; left--) {
				const next = this.#queue.peek();
				if (next === undefined || next.at > last) return;
				if (left === 0) throw new ClockError("STUCK", `more than ${MAX_EVENTS_AT_ONCE} events`, this.#now);
				this.#queue.shift();
				this.#now = Math.max(this.#now, next.at);
				next.run?.();
			}
		} catch (error) {
			const goals = this.#goals.splice(0);
			for (const goal of goals) goal.fail(error);
		}
	}

	#settle(which: (goal: Goal) => boolean): void {
		const done = this.#goals.filter(which);
		this.#goals = this.#goals.filter((goal) => !which(goal));
		for (const goal of done) goal.done();
	}

	#fail(which: (goal: Goal) => boolean, kind: "IDLE" | "LIMIT", message: string): void {
		const failed = this.#goals.filter(which);
		this.#goals = this.#goals.filter((goal) => !which(goal));
		for (const goal of failed) goal.fail(new ClockError(kind, `${message} (at ${this.#now} ms)`, this.#now));
	}
}

/** Something that is to happen at a time. */
export interface Scheduled {
	readonly at: number;
	/** Orders what happens at the same time: first set, first run. */
	readonly order: number;
	/** Null once it was cancelled. */
	run: (() => void) | null;
}

const before = (a: Scheduled, b: Scheduled): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A binary heap of what is to happen, soonest first; cancelled entries are thrown away when they surface. */
class TimerQueue {
	readonly #heap: Scheduled[] = [];
	#order = 0;

	add(at: number, run: () => void): Scheduled {
		const entry: Scheduled = { at, order: this.#order++, run };
		const heap = this.#heap;
		let hole = heap.length;
		heap.push(entry);
		while (hole > 0) {
			const parent = (hole - 1) >> 1;
			const above = heap[parent];
			if (above === undefined || before(above, entry)) break;
			heap[hole] = above;
			hole = parent;
		}
		heap[hole] = entry;
		return entry;
	}

	/** How many are waiting. Counts through the heap: for tests, not for busy loops. */
	get waiting(): number {
		return this.#heap.reduce((count, entry) => (entry.run === null ? count : count + 1), 0);
	}

	/** The soonest one that was not cancelled. */
	peek(): Scheduled | undefined {
		for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
			if (top.run !== null) return top;
			this.#drop();
		}
		return undefined;
	}

	/** Takes away what `peek` showed. */
	shift(): Scheduled | undefined {
		const top = this.peek();
		if (top !== undefined) this.#drop();
		return top;
	}

	#drop(): void {
		const heap = this.#heap;
		const moved = heap.pop();
		if (moved === undefined || heap.length === 0) return;
		let hole = 0;
		for (;;) {
			const left = 2 * hole + 1;
			let child = heap[left];
			if (child === undefined) break;
			let at = left;
			const right = heap[left + 1];
			if (right !== undefined && before(right, child)) {
				child = right;
				at = left + 1;
			}
			if (!before(child, moved)) break;
			heap[hole] = child;
			hole = at;
		}
		heap[hole] = moved;
	}
}
