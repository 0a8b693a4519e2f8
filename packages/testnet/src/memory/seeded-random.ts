import type { Random } from "./types.js";

/** 32 well-mixed bits of a text (FNV-1a with a final avalanche). */
function hash(text: string): number {
	let h = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
	h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Random numbers that are the same for the same seed (the generator sfc32). `fork` gives an independent stream
 * for a part of the network, so that one part's use of chance does not shift another's.
 */
export class SeededRandom {
	readonly #seed: string;
	#a = 0;
	#b = 0;
	#c = 0;
	/** 0 until the first number is drawn; most streams of a network never are. */
	#counter = 0;

	/** @param seed any number or text */
	constructor(seed: number | string) {
		this.#seed = String(seed);
	}

	/** 32 random bits. */
	uint32(): number {
		if (this.#counter === 0) this.#start();
		const t = (this.#a + this.#b + this.#counter) | 0;
		this.#counter = (this.#counter + 1) | 0;
		this.#a = this.#b ^ (this.#b >>> 9);
		this.#b = (this.#c + (this.#c << 3)) | 0;
		this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
		return t >>> 0;
	}

	#start(): void {
		this.#a = hash(`${this.#seed}/a`);
		this.#b = hash(`${this.#seed}/b`);
		this.#c = hash(`${this.#seed}/c`);
		this.#counter = 1;
		for (let i = 0; i < 12; i++) this.uint32();
	}

	/** Evenly in [0, 1). */
	float(): number {
		return this.uint32() / 4_294_967_296;
	}

	/** A whole number from `min` to `max`, both included. */
	int(min: number, max: number): number {
		return min + Math.floor(this.float() * (max - min + 1));
	}

	/** True with a chance of `p`; draws nothing when `p` is 0. */
	chance(p: number): boolean {
		return p > 0 && this.float() < p;
	}

	/** Random bytes; bound, so it can be handed over as the `random` that our packages take. */
	readonly bytes: Random = (size) => {
		const out = new Uint8Array(size);
		for (let i = 0; i < size; i++) out[i] = this.uint32() & 0xff;
		return out;
	};

	/** An independent stream, the same for the same seed and label. */
	fork(label: string): SeededRandom {
		return new SeededRandom(`${this.#seed}/${label}`);
	}
}
