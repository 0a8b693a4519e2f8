import type { Peer } from "../types.js";

/** A received message: who sent it, and its bytes. */
export type Message = readonly [peer: Peer, data: Buffer];

/** First in, first out, with a count of the bytes. Taking is O(1): the head moves on and is cut off in bulk. */
export class MessageQueue {
	#items: (Message | undefined)[] = [];
	#head = 0;
	#bytes = 0;

	get length(): number {
		return this.#items.length - this.#head;
	}

	get bytes(): number {
		return this.#bytes;
	}

	push(message: Message): void {
		this.#items.push(message);
		this.#bytes += message[1].length;
	}

	shift(): Message | undefined {
		const message = this.#items[this.#head];
		if (message === undefined) return undefined;
		this.#items[this.#head++] = undefined;
		this.#bytes -= message[1].length;
		if (this.#head === this.#items.length) {
			this.#items = [];
			this.#head = 0;
		} else if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
			this.#items = this.#items.slice(this.#head);
			this.#head = 0;
		}
		return message;
	}

	clear(): void {
		this.#items = [];
		this.#head = 0;
		this.#bytes = 0;
	}
}
