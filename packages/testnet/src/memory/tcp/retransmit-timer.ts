import { TCP_FIRST_RTO_MS, TCP_MAX_RTO_MS, TCP_MIN_RTO_MS } from "../defaults.js";
import type { ManualClock } from "../manual-clock.js";

/** When a connection sends again what was not answered: twice as late each time (RFC 6298 section 5). */
export class RetransmitTimer {
	readonly #clock: ManualClock;
	readonly #due: () => void;
	#handle: unknown = null;
	#rto = TCP_FIRST_RTO_MS;
	#repeats = 0;

	constructor(clock: ManualClock, due: () => void) {
		this.#clock = clock;
		this.#due = due;
	}

	/** How often it has rung since the last answer. */
	get repeats(): number {
		return this.#repeats;
	}

	/** Does nothing while it is running. */
	start(): void {
		if (this.#handle !== null) return;
		const wait = Math.min(this.#rto * 2 ** this.#repeats, TCP_MAX_RTO_MS);
		this.#handle = this.#clock.schedule(() => {
			this.#handle = null;
			this.#repeats += 1;
			this.#due();
		}, wait);
	}

	stop(): void {
		this.#clock.clearTimeout(this.#handle);
		this.#handle = null;
	}

	/** Starts anew if something is under way. */
	restart(underWay: boolean): void {
		this.stop();
		if (underWay) this.start();
	}

	/** The other side is there. */
	answered(): void {
		this.#repeats = 0;
	}

	/** The handshake took a round trip of `ms`. */
	measured(ms: number): void {
		this.#repeats = 0;
		this.#rto = Math.max(TCP_MIN_RTO_MS, 2 * ms);
	}
}
