/**
 * Messages between one writer and one reader, in order, at most `limit` of them: when the reader is behind, the oldest are
 * dropped. The reader uses `for await`.
 */
export class MessageQueue<T> {
	readonly #limit: number;
	readonly #waiting: T[] = [];
	#reader: ((result: IteratorResult<T>) => void) | null = null;
	#ended = false;

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Adds a message. Does nothing after {@link end}. */
	push(message: T): void {
		if (this.#ended) return;
		const reader = this.#reader;
		this.#reader = null;
		if (reader !== null) {
			reader({ done: false, value: message });
			return;
		}
		if (this.#waiting.length >= this.#limit) this.#waiting.shift();
		this.#waiting.push(message);
	}

	/** Nothing more comes; what waits can still be read. */
	end(): void {
		this.#ended = true;
		const reader = this.#reader;
		this.#reader = null;
		reader?.({ done: true, value: undefined });
	}

	/** The messages. Leaving a loop over them ends nothing: the next loop goes on. One reader at a time. */
	read(): AsyncIterableIterator<T> {
		return {
			next: () => this.#next(),
			return: async () => ({ done: true, value: undefined }),
			[Symbol.asyncIterator]() {
				return this;
			},
		};
	}

	#next(): Promise<IteratorResult<T>> {
		if (this.#waiting.length > 0) return Promise.resolve({ done: false, value: this.#waiting.shift() as T });
		if (this.#ended) return Promise.resolve({ done: true, value: undefined });
		return new Promise((resolve) => {
			this.#reader = resolve;
		});
	}
}
