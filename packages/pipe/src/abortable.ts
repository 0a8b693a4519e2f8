/** The promise's outcome, or the signal's reason if that aborts first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	return new Promise((resolve, reject) => {
		const aborted = (): void => reject(signal.reason);
		const settle = (): void => signal.removeEventListener("abort", aborted);
		signal.addEventListener("abort", aborted, { once: true });
		promise.then(resolve, reject).finally(settle);
	});
}
