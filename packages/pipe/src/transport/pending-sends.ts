import { SEND_COST } from "../defaults.js";
import type { PipeSendError } from "../errors.js";
import { Fifo } from "../fifo.js";

/** What a send of so many bytes counts for in limits: its own memory counts too, or many tiny sends would cost nothing. */
export function sendCost(bytes: number): number {
	return Math.max(bytes, SEND_COST);
}

/** A send that the kernel has not taken. */
class PendingSend {
	readonly cost: number;
	readonly promise: Promise<void>;
	resolve: () => void = ignore;
	reject: (error: Error) => void = ignore;

	constructor(cost: number) {
		this.cost = cost;
		this.promise = new Promise((resolve, reject) => {
			this.resolve = resolve;
			this.reject = reject;
		});
	}
}

/** The sends that the kernel has not taken, in order. It takes them, or loses them, in that order. */
export class PendingSends {
	readonly #sends = new Fifo<PendingSend>();
	#cost = 0;
	#notifyAt = -1;
	#relieved: () => void = ignore;

	/** The cost of all. */
	get cost(): number {
		return this.#cost;
	}

	get length(): number {
		return this.#sends.length;
	}

	/** Adds a send of so many bytes. The promise settles with {@link taken}, {@link lost} or {@link lostAll}. */
	add(bytes: number): Promise<void> {
		const send = new PendingSend(sendCost(bytes));
		this.#cost += send.cost;
		this.#sends.push(send);
		return send.promise;
	}

	/** Calls `relieved` once the cost of all is `limit` or less. */
	notifyBelow(limit: number, relieved: () => void): void {
		this.#notifyAt = limit;
		this.#relieved = relieved;
	}

	/** The kernel has taken the oldest one. */
	taken(): void {
		this.#remove()?.resolve();
		// Only what was taken makes room: after a failure nothing more can be sent.
		if (this.#cost > this.#notifyAt) return;
		this.#notifyAt = -1;
		this.#relieved();
	}

	/** The oldest one failed. */
	lost(error: PipeSendError): void {
		const send = this.#remove();
		// The caller may not have awaited it, and a peer must not be able to end the process by a reset.
		send?.promise.catch(ignore);
		send?.reject(error);
	}

	lostAll(error: () => PipeSendError): void {
		while (this.#sends.length > 0) this.lost(error());
	}

	#remove(): PendingSend | undefined {
		const send = this.#sends.shift();
		if (send === undefined) return undefined;
		this.#cost -= send.cost;
		return send;
	}
}

function ignore(): void {
	return;
}
