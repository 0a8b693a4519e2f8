import type { Clock } from "../types.js";

/** Waits on the given clock. Rejects with the signal's reason when it is aborted. */
export function delay(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal?.aborted === true) return reject(signal.reason);
		const abort = (): void => {
			clock.clearTimeout(timer);
			reject(signal?.reason);
		};
		const timer = clock.setTimeout(() => {
			signal?.removeEventListener("abort", abort);
			resolve();
		}, ms);
		signal?.addEventListener("abort", abort, { once: true });
	});
}
