import { IpAddress, isIp } from "@p2pd/address";
import { SERVER_MAX_SOURCES } from "../defaults.js";

interface Bucket {
	tokens: number;
	at: number;
}

/** What counts as one source: an IPv4 address, or an IPv6 /64, all of which one host may have. */
export function sourceOf(ip: string): string {
	if (!ip.includes(":") || !isIp(ip)) return ip;
	const address = IpAddress.parse(ip).unmapped();
	return address.af === 4 ? address.toString() : `${(address.toBigInt() >> 64n).toString(16)}/64`;
}

/**
 * A token bucket for each source. At the limit of sources, the one that was quiet for longest is dropped, so a flood of
 * forged sources costs a bounded amount of memory.
 */
export class RateLimit {
	readonly #rate: number;
	readonly #burst: number;
	readonly #maxSources: number;
	readonly #buckets = new Map<string, Bucket>();

	/** @param rate tokens per second; 0 is no limit */
	constructor(rate: number, burst: number, maxSources: number = SERVER_MAX_SOURCES) {
		this.#rate = rate;
		this.#burst = burst;
		this.#maxSources = maxSources;
	}

	/** Takes a token of the source of `ip`, if it has one at `now` (ms). */
	take(ip: string, now: number): boolean {
		if (this.#rate === 0) return true;
		const source = sourceOf(ip);
		const known = this.#buckets.get(source);
		if (known !== undefined) {
			known.tokens = Math.min(this.#burst, known.tokens + ((now - known.at) / 1000) * this.#rate);
			known.at = now;
			// To the end of the map, whose first entry is then the one that was quiet for longest.
			this.#buckets.delete(source);
		}
		const bucket = known ?? { tokens: this.#burst, at: now };
		this.#buckets.set(source, bucket);
		if (this.#buckets.size > this.#maxSources) {
			for (const quietest of this.#buckets.keys()) {
				this.#buckets.delete(quietest);
				break;
			}
		}
		if (bucket.tokens < 1) return false;
		bucket.tokens--;
		return true;
	}
}
