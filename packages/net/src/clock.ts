/** Time, as everything in p2pd reads and waits for it. Tests hand in their own. */
export interface Clock {
	/** Milliseconds from an arbitrary start. It never goes back. */
	now(): number;
	/** Calls `fn` once after `ms` milliseconds. The handle is for {@link Clock.clearTimeout}. */
	setTimeout(fn: () => void, ms: number): unknown;
	clearTimeout(handle: unknown): void;
}

/** The longest time in ms that a Node timer can wait (2^31 - 1, about 24.8 days). It fires at once when given more. */
export const MAX_TIMER = 2 ** 31 - 1;

/** This machine's monotonic clock and Node's timers. */
export const systemClock: Clock = {
	now: () => performance.now(),
	setTimeout: (fn, ms) => setTimeout(fn, ms),
	clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
