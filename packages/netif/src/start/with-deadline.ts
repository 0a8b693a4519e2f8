import type { Clock } from "@p2pd/stun-client";
import { START_RESERVE } from "../defaults.js";
import { StartTimeoutError } from "../errors.js";

/** What observations may take of a timeout, in ms: all but the reserve, and most of one that is short. */
export function observationTime(timeout: number): number {
	return timeout - Math.min(START_RESERVE, timeout / 4);
}

/**
 * Runs `work` with a signal that aborts when the caller's does or when `timeout` ms have passed.
 *
 * @throws StartTimeoutError (ERR_NETIF_TIMEOUT), or the caller's reason, even if the work does not heed its signal
 */
export async function withDeadline<T>(
	what: string,
	{
		timeout,
		signal,
		clock,
	}: { readonly timeout: number; readonly signal?: AbortSignal | undefined; readonly clock: Clock },
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	signal?.throwIfAborted();
	const stop = new AbortController();
	const cut = new Promise<never>((_, reject) => {
		stop.signal.addEventListener("abort", () => reject(stop.signal.reason), { once: true });
	});
	// Nobody may be waiting for it any more when it comes.
	cut.catch(() => undefined);
	const follow = (): void => stop.abort(signal?.reason);
	signal?.addEventListener("abort", follow, { once: true });
	const timer = clock.setTimeout(() => stop.abort(new StartTimeoutError(what, timeout)), timeout);
	try {
		return await Promise.race([work(stop.signal), cut]);
	} finally {
		clock.clearTimeout(timer);
		signal?.removeEventListener("abort", follow);
	}
}
