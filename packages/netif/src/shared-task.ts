/**
 * A piece of work that several callers may wait for at once. It runs once; a caller that gives up leaves it, and
 * when the last one has left it is aborted.
 */
export class SharedTask<T, Input = void> {
	readonly #work: (signal: AbortSignal, input: Input) => Promise<T>;
	#running: { readonly result: Promise<T>; readonly abort: AbortController; waiting: number } | null = null;

	/** @param work what to do; it must stop when its signal aborts */
	constructor(work: (signal: AbortSignal, input: Input) => Promise<T>) {
		this.#work = work;
	}

	/** Whether it is under way. */
	get isRunning(): boolean {
		return this.#running !== null;
	}

	/**
	 * Joins the work under way, or starts it with `input`: who joins gets what the first one asked for.
	 *
	 * @throws the signal's reason when it aborts, or what the work throws
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
		// Everyone who waits hears of a failure; this branch only ends the sharing.
		result.then(end, end);
		return running;
	}
}
