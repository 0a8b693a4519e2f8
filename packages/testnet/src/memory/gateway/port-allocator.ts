import type { NatSpec, PortAllocation } from "../../topology.js";
import type { SeededRandom } from "../seeded-random.js";

/** The last mapping made, or the first. */
interface Pair {
	readonly local: number;
	readonly external: number;
}

/** Picks the external ports of one external address, for one transport. */
export class PortAllocator {
	readonly #allocation: PortAllocation;
	readonly #onCollision: NonNullable<NatSpec["onCollision"]>;
	readonly #first: number;
	readonly #width: number;
	readonly #random: SeededRandom;
	#firstPair: Pair | null = null;
	#lastPair: Pair | null = null;

	constructor(
		allocation: PortAllocation,
		onCollision: NonNullable<NatSpec["onCollision"]>,
		[first, last]: readonly [number, number],
		random: SeededRandom,
	) {
		this.#allocation = allocation;
		this.#onCollision = onCollision;
		this.#first = first;
		this.#width = last - first + 1;
		this.#random = random;
	}

	/** The external port for a new mapping of `local`; null when every port of the range is taken. */
	pick(local: number, isTaken: (port: number) => boolean): number | null {
		const external = this.#settle(this.#wanted(local), isTaken);
		if (external === null) return null;
		this.#lastPair = { local, external };
		this.#firstPair ??= this.#lastPair;
		return external;
	}

	/** The port that the rule asks for; may be outside the range for `equal`. */
	#wanted(local: number): number {
		const last = this.#lastPair;
		switch (this.#allocation.kind) {
			case "equal":
				return local;
			case "preserving":
				if (this.#firstPair === null) return this.#otherThan(local);
				return this.#wrap(this.#firstPair.external + (local - this.#firstPair.local));
			case "independent":
				return last === null ? this.#any() : this.#wrap(last.external + this.#allocation.step);
			case "dependent":
				if (last === null || local !== last.local + 1) return this.#any();
				return this.#wrap(last.external + this.#allocation.step);
			case "random":
				return this.#any();
		}
	}

	#settle(wanted: number, isTaken: (port: number) => boolean): number | null {
		const inRange = wanted === this.#wrap(wanted);
		if (inRange && !isTaken(wanted)) return wanted;
		const start = this.#onCollision === "random" ? this.#any() : inRange ? wanted : this.#first;
		for (let i = 0; i < this.#width; i++) {
			const port = this.#wrap(start + i);
			if (!isTaken(port)) return port;
		}
		return null;
	}

	#wrap(port: number): number {
		const offset = (port - this.#first) % this.#width;
		return this.#first + (offset < 0 ? offset + this.#width : offset);
	}

	#any(): number {
		return this.#first + this.#random.int(0, this.#width - 1);
	}

	/** A first distance of 0 would make `preserving` look like `equal`. */
	#otherThan(local: number): number {
		const port = this.#any();
		return port === local ? this.#wrap(port + 1) : port;
	}
}
