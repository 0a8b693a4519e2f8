import { INITIAL_RTO, MAX_RTO, MAX_RTO_ENTRIES, MIN_MEASURED_RTO, RTO_LIFETIME } from "../defaults.js";

interface Estimate {
	readonly smoothed: number;
	readonly variation: number;
	readonly at: number;
}

const timeoutOf = ({ smoothed, variation }: Estimate): number =>
	Math.min(MAX_RTO, Math.max(MIN_MEASURED_RTO, smoothed + 4 * variation));

/** The first retransmission time that a single measured round trip gives (RFC 6298 section 2.2). */
export function rtoFromRtt(rtt: number): number {
	return timeoutOf({ smoothed: rtt, variation: rtt / 2, at: 0 });
}

/**
 * Learns each server's retransmission time (RFC 8489 section 6.2.1, by the rules of RFC 6298): 500 ms while
 * nothing is known, then what the round trips say. It is kept per IP and forgotten after 10 minutes without use.
 */
export class RtoTable {
	readonly #estimates = new Map<string, Estimate>();

	/** The time to the first retransmission to a server, in ms. */
	rto(ip: string, now: number): number {
		const known = this.#estimates.get(ip);
		if (known === undefined || now - known.at > RTO_LIFETIME) return INITIAL_RTO;
		return timeoutOf(known);
	}

	/** A round trip that is certain: of a request that was sent once (Karn's rule, RFC 6298 section 3). */
	learn(ip: string, rtt: number, now: number): void {
		const known = this.#estimates.get(ip);
		const next: Estimate =
			known === undefined || now - known.at > RTO_LIFETIME
				? { smoothed: rtt, variation: rtt / 2, at: now }
				: {
						smoothed: (7 * known.smoothed + rtt) / 8,
						variation: (3 * known.variation + Math.abs(known.smoothed - rtt)) / 4,
						at: now,
					};
		this.#estimates.delete(ip);
		this.#estimates.set(ip, next);
		if (this.#estimates.size > MAX_RTO_ENTRIES) {
			for (const oldest of this.#estimates.keys()) {
				this.#estimates.delete(oldest);
				break;
			}
		}
	}
}
