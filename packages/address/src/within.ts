import type { Clock } from "./clock.js";

/** How long something may take, and who may end it before. */
export interface Limit {
	/** In ms. */
	readonly timeout: number;
	readonly clock: Clock;
	readonly signal?: AbortSignal | undefined;
	/** Made when the time is over. */
	readonly onTimeout: () => Error;
}

/**
 * Runs `run` with a signal and a way to end it, and rejects in the moment that the caller's signal aborts or
 * `end` is called, whether `run` heeds its signal or not. Whatever `run` left going (the slower half of a race)
 * is aborted when it settles.
 */
export async function abortable<T>(
	outer: AbortSignal | undefined,
	run: (signal: AbortSignal, end: (reason: unknown) => void) => Promise<T>,
): Promise<T> {
	outer?.throwIfAborted();
	const controller = new AbortController();
	const end = (reason: unknown): void => controller.abort(reason);
	const onAbort = (): void => end(outer?.reason);
	const ended = new Promise<never>((_, reject) => {
		controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
	});
	outer?.addEventListener("abort", onAbort, { once: true });
	try {
		return await Promise.race([run(controller.signal, end), ended]);
	} finally {
		outer?.removeEventListener("abort", onAbort);
		controller.abort();
	}
}

/** As {@link abortable}, with a deadline. */
export function within<T>(limit: Limit, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const { clock, timeout, signal, onTimeout } = limit;
	return abortable(signal, async (inner, end) => {
		const timer = clock.setTimeout(() => end(onTimeout()), timeout);
		inner.addEventListener("abort", () => clock.clearTimeout(timer), { once: true });
		return run(inner);
	});
}
