/** From this many taken items on, the array is cut: often enough for memory, rarely enough for speed. */
const CUT_AT = 1024;

/** A queue, first in first out. Taking an item is O(1): the head moves on, and taken items are cut off in bulk. */
export class Fifo<T> {
	/** Items from head to tail. A queue that is empty again starts over in the same array. */
	#items: (T | undefined)[] = [];
	#head = 0;
	#tail = 0;

	get length(): number {
		return this.#tail - this.#head;
	}

	push(item: T): void {
		this.#items[this.#tail++] = item;
	}

	/** Takes the oldest item. */
	shift(): T | undefined {
		if (this.#head === this.#tail) return undefined;
		const item = this.#items[this.#head];
		this.#items[this.#head++] = undefined;
		if (this.#head === this.#tail) {
			if (this.#items.length > CUT_AT) this.#items = [];
			this.#head = 0;
			this.#tail = 0;
		} else if (this.#head >= CUT_AT && this.#head * 2 >= this.#tail) {
			this.#items = this.#items.slice(this.#head, this.#tail);
			this.#tail -= this.#head;
			this.#head = 0;
		}
		return item;
	}

	/** Removes one item, wherever it is. O(n). */
	remove(item: T): void {
		const at = this.#items.indexOf(item, this.#head);
		if (at === -1) return;
		this.#items.splice(at, 1);
		this.#tail--;
	}

	clear(): void {
		this.#items = [];
		this.#head = 0;
		this.#tail = 0;
	}
}
