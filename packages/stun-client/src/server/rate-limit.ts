import { canonicalIp, isIp } from "@p2pd/address";
import { SERVER_MAX_SOURCES } from "../defaults.js";

interface Bucket {
	tokens: number;
	at: number;
}

/** Who counts as one source: an IPv4 address, or an IPv6 /64, which one host has whole. */
export function sourceOf(ip: string): string {
	if (!ip.includes(":")) return ip;
	const [head = "", tail = ""] = (isIp(ip) ? canonicalIp(ip) : ip).split("%")[0]?.split("::") ?? [];
	const left = head === "" ? [] : head.split(":");
	const right = tail === "" ? [] : tail.split(":");
	const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
	const groups = ip.includes("::") ? [...left, ...zeros, ...right] : left;
	return groups.slice(0, 4).join(":");
}

/**
 * A token bucket per source. At the bound on sources the one that was quiet for longest goes, so a flood of forged
 * sources costs memory to a limit only.
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

	/** Takes a token of that source, if it has one at `now` (ms). */
	take(ip: string, now: number): boolean {
		if (this.#rate === 0) return true;
		const source = sourceOf(ip);
		const known = this.#buckets.get(source);
		const tokens =
			known === undefined
				? this.#burst
				: Math.min(this.#burst, known.tokens + ((now - known.at) / 1000) * this.#rate);
		this.#buckets.delete(source);
		this.#buckets.set(source, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
		if (this.#buckets.size > this.#maxSources) {
			for (const quietest of this.#buckets.keys()) {
				this.#buckets.delete(quietest);
				break;
			}
		}
		return tokens >= 1;
	}
}
