/** The start of a message whose rest has not come: grows by doubling, so that many small chunks cost no more than few. */
export class Partial {
	#bytes: Buffer = Buffer.alloc(0);
	#length = 0;

	get length(): number {
		return this.#length;
	}

	append(chunk: Buffer): void {
		const length = this.#length + chunk.length;
		if (length > this.#bytes.length) {
			const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2, 256));
			this.#bytes.copy(grown, 0, 0, this.#length);
			this.#bytes = grown;
		}
		chunk.copy(this.#bytes, this.#length);
		this.#length = length;
	}

	/** The last bytes, at most `count`. */
	tail(count: number): Buffer {
		return this.#bytes.subarray(Math.max(0, this.#length - count), this.#length);
	}

	/** All bytes; empty from then on. */
	take(): Buffer {
		const all = this.#bytes.subarray(0, this.#length);
		this.#bytes = Buffer.alloc(0);
		this.#length = 0;
		return all;
	}
}
