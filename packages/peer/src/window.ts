/**
 * Which numbers of a growing sequence have been seen: the highest, and the `size` numbers up to it (RFC 4303 section
 * 3.4.3). Older ones count as seen.
 */
export class ReplayWindow {
	readonly #size: number;
	readonly #seen: Uint8Array;
	#highest = 0;

	/** @param size how many numbers are told apart */
	constructor(size: number) {
		this.#size = size;
		this.#seen = new Uint8Array(size);
	}

	/** Whether a number, 1 or more, is new. It is not noted. */
	isNew(number: number): boolean {
		if (number > this.#highest) return true;
		return number > this.#highest - this.#size && this.#seen[number % this.#size] === 0;
	}

	/** Notes a number. @returns whether it was new */
	take(number: number): boolean {
		if (!this.isNew(number)) return false;
		if (number > this.#highest) {
			const passed = Math.min(number - this.#highest, this.#size);
			for (let step = 0; step < passed; step++) this.#seen[(number - step) % this.#size] = 0;
			this.#highest = number;
		}
		this.#seen[number % this.#size] = 1;
		return true;
	}
}
