/**
 * Work that several callers may wait for at once and that runs once. A caller that gives up stops waiting; when the last
 * one has given up, the work is aborted.
 */
export class SharedTask<T, Input = void> {
	readonly #work: (signal: AbortSignal, input: Input) => Promise<T>;
	#running: { readonly result: Promise<T>; readonly abort: AbortController; waiting: number } | null = null;

	/** @param work what to do; it must stop when its signal aborts */
	constructor(work: (signal: AbortSignal, input: Input) => Promise<T>) {
		this.#work = work;
	}

	/**
	 * Waits for the running work, or starts it with `input`. A caller that joins gets the result of the first one's input.
	 *
	 * @throws the signal's reason, or what the work throws
	 */
	run(input: Input, signal?: AbortSignal): Promise<T> {
		if (signal?.aborted) return Promise.reject(signal.reason);
		this.#running ??= this.#start(input);
		const running = this.#running;
		running.waiting++;
		return new Promise<T>((resolve, reject) => {
			const leave = (): void => {
				running.waiting--;
				signal?.removeEventListener("abort", abort);
			};
			const abort = (): void => {
				leave();
				if (running.waiting === 0) {
					if (this.#running === running) this.#running = null;
					running.abort.abort(signal?.reason);
				}
				reject(signal?.reason);
			};
			signal?.addEventListener("abort", abort, { once: true });
			running.result.then(
				(value) => {
					leave();
					resolve(value);
				},
				(error: unknown) => {
					leave();
					reject(error);
				},
			);
		});
	}

	#start(input: Input): { readonly result: Promise<T>; readonly abort: AbortController; waiting: number } {
		const abort = new AbortController();
		const result = this.#work(abort.signal, input);
		const running = { result, abort, waiting: 0 };
		const end = (): void => {
			if (this.#running === running) this.#running = null;
		};
		// Every caller gets the failure by its own promise; this branch only ends the sharing.
		result.then(end, end);
		return running;
	}
}
