import { INBOX_MESSAGES } from "./defaults.js";

/** What has arrived and not been read: bounded, the oldest is dropped. One reader. */
export class InboxQueue {
	readonly #waiting: Uint8Array[] = [];
	#reader: ((result: IteratorResult<Uint8Array>) => void) | null = null;
	#ended = false;

	push(message: Uint8Array): void {
		if (this.#ended) return;
		if (this.#reader !== null) {
			this.#take()({ done: false, value: message });
			return;
		}
		if (this.#waiting.length >= INBOX_MESSAGES) this.#waiting.shift();
		this.#waiting.push(message);
	}

	/** Nothing more comes; what waits can still be read. */
	end(): void {
		this.#ended = true;
		if (this.#reader !== null) this.#take()({ done: true, value: undefined });
	}

	read(): AsyncIterableIterator<Uint8Array> {
		return {
			next: () => this.#next(),
			return: async () => ({ done: true, value: undefined }),
			[Symbol.asyncIterator]() {
				return this;
			},
		};
	}

	#next(): Promise<IteratorResult<Uint8Array>> {
		const message = this.#waiting.shift();
		if (message !== undefined) return Promise.resolve({ done: false, value: message });
		if (this.#ended) return Promise.resolve({ done: true, value: undefined });
		return new Promise((resolve) => {
			this.#reader = resolve;
		});
	}

	#take(): (result: IteratorResult<Uint8Array>) => void {
		const reader = this.#reader;
		this.#reader = null;
		return reader ?? (() => undefined);
	}
}
