import { LEAST_RENEWAL } from "./defaults.js";

/** What is due, and when. */
export interface LeaseStep {
	/** "renew": ask for the mapping again; "check": ask whether the router restarted; "expire": the lease is over. */
	readonly action: "renew" | "check" | "expire";
	/** On the clock, in ms. */
	readonly at: number;
}

/** First wait after a renewal that failed, in ms; doubled each time up to the most. */
const RETRY = 1_000;
const RETRY_MOST = 30_000;

/**
 * When a mapping is renewed, checked and lost. Passive: it is told what happened and when, and says what is due.
 * A lease is renewed at half its life (RFC 6887 section 11.2.1, RFC 6886 section 3.3), sooner again after a failure.
 */
export class Lease {
	readonly #checkInterval: number;
	#expires = Number.POSITIVE_INFINITY;
	#renewAt = Number.POSITIVE_INFINITY;
	#checkAt: number;
	#retry = RETRY;
	#isLost = false;

	/** @param now on the clock @param checkInterval in ms */
	constructor(now: number, checkInterval: number) {
		this.#checkInterval = checkInterval;
		this.#checkAt = now + checkInterval;
	}

	/** When the router forgets the mapping, on the clock; Infinity for a permanent one. */
	get expires(): number {
		return this.#expires;
	}

	/** Whether the mapping is known to be gone. */
	get isLost(): boolean {
		return this.#isLost;
	}

	/** The router granted the mapping for `lifetime` ms. */
	granted(now: number, lifetime: number): void {
		this.#expires = now + lifetime;
		this.#renewAt = Number.isFinite(lifetime)
			? now + Math.max(LEAST_RENEWAL, lifetime / 2)
			: Number.POSITIVE_INFINITY;
		this.#checkAt = now + this.#checkInterval;
		this.#retry = RETRY;
		this.#isLost = false;
	}

	/** A renewal failed; it is tried again soon. */
	renewalFailed(now: number): void {
		this.#renewAt = now + this.#retry;
		this.#retry = Math.min(RETRY_MOST, this.#retry * 2);
	}

	/** The router was asked whether it restarted, and it did not, or it did not say. */
	checked(now: number): void {
		this.#checkAt = now + this.#checkInterval;
	}

	/** The mapping is gone: it is asked for again at once. */
	lost(now: number): void {
		this.#isLost = true;
		this.#expires = Number.POSITIVE_INFINITY;
		this.#renewAt = now;
	}

	/** What is due next. */
	next(): LeaseStep {
		if (this.#isLost) return { action: "renew", at: this.#renewAt };
		if (this.#expires <= Math.min(this.#renewAt, this.#checkAt))
			return { action: "expire", at: this.#expires };
		return this.#renewAt <= this.#checkAt
			? { action: "renew", at: this.#renewAt }
			: { action: "check", at: this.#checkAt };
	}
}

/** The state of a server's clock: its epoch and when it was heard. */
export interface EpochSeen {
	/** In s. */
	readonly epoch: number;
	/** On the client's clock, in ms. */
	readonly at: number;
}

/**
 * Whether the server has lost its state between two answers (RFC 6887 section 8.5): its epoch went back, or it went on
 * much slower or faster than the client's clock.
 */
export function hasRestarted(before: EpochSeen, now: EpochSeen): boolean {
	if (now.epoch + 1 < before.epoch) return true;
	const client = (now.at - before.at) / 1000;
	const server = now.epoch - before.epoch;
	return client + 2 < server - server / 16 || server + 2 < client - client / 16;
}
