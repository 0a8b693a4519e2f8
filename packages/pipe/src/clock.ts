import type { Clock } from "./types.js";

/** The process's own monotonic clock and timers. */
export const systemClock: Clock = {
	now: () => performance.now(),
	setTimeout: (fn, ms) => setTimeout(fn, ms),
	clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
