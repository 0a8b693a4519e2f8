import { createHash } from "node:crypto";
import type { Peer } from "../types.js";

/**
 * The last messages by sender and content. A message is known by its SHA-256, so that no two different ones
 * are taken for each other; the one not seen for longest is forgotten first.
 */
export class Dedupe {
	readonly #limit: number;
	readonly #seen = new Set<string>();

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Whether this sender's message is among the last; it is from now on. */
	repeats(data: Uint8Array, peer: Peer): boolean {
		const key = `${peer[0]} ${peer[1]} ${createHash("sha256").update(data).digest("base64")}`;
		const repeated = this.#seen.delete(key);
		this.#seen.add(key);
		if (this.#seen.size > this.#limit) {
			for (const oldest of this.#seen) {
				this.#seen.delete(oldest);
				break;
			}
		}
		return repeated;
	}
}
