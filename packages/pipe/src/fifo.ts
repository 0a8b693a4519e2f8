/** From this many taken items on, the array is cut: often enough for memory, rarely enough for speed. */
const CUT_AT = 1024;

/** A queue, first in first out. Taking an item is O(1): the head moves on, and taken items are cut off in bulk. */
export class Fifo<T> {
	#items: (T | undefined)[] = [];
	#head = 0;

	get length(): number {
		return this.#items.length - this.#head;
	}

	push(item: T): void {
		this.#items.push(item);
	}

	/** Takes the oldest item. */
	shift(): T | undefined {
		if (this.#head === this.#items.length) return undefined;
		const item = this.#items[this.#head];
		this.#items[this.#head++] = undefined;
		if (this.#head === this.#items.length) this.clear();
		else if (this.#head >= CUT_AT && this.#head * 2 >= this.#items.length) {
			this.#items = this.#items.slice(this.#head);
			this.#head = 0;
		}
		return item;
	}

	/** Removes one item, wherever it is. O(n). */
	remove(item: T): void {
		const at = this.#items.indexOf(item, this.#head);
		if (at !== -1) this.#items.splice(at, 1);
	}

	clear(): void {
		this.#items = [];
		this.#head = 0;
	}
}
