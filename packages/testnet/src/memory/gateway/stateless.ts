import { contains, type Ip, makeIp, type Prefix, parsePrefix, requireIp } from "../../ip.js";
import type { Dependence } from "../../topology.js";
import { TopologyError } from "../errors.js";
import type { ManualClock } from "../manual-clock.js";
import { type DropReason, moveDestination, moveSource, type Packet } from "../packet.js";
import { Firewall, type Lifetime } from "./filtering.js";
import type { Translator } from "./translator.js";

/** One external address for each inside one, ports untouched (basic NAT); anybody may come in unless filtered. */
export class OneToOne implements Translator {
	readonly hairpins = true;
	readonly #toOutside: ReadonlyMap<string, string>;
	readonly #toInside: ReadonlyMap<string, string>;
	readonly #firewall: Firewall | null;

	/** @param pairs inside address to external address */
	constructor(
		pairs: ReadonlyMap<string, string>,
		clock: ManualClock,
		filtering: Dependence,
		lifetime: Lifetime,
	) {
		this.#toOutside = pairs;
		this.#toInside = new Map([...pairs].map(([inside, outside]) => [outside, inside]));
		// The mapping is always there, so a filter that asks for nothing but a mapping asks for nothing.
		this.#firewall = filtering === "endpoint-independent" ? null : new Firewall(clock, filtering, lifetime);
	}

	claims(ip: string): boolean {
		return this.#toInside.has(ip);
	}

	outbound(packet: Packet): Packet | DropReason {
		const outside = this.#toOutside.get(packet.src);
		if (outside === undefined) return "not-translatable";
		this.#firewall?.outbound(packet);
		return moveSource(packet, outside);
	}

	inbound(packet: Packet): Packet | DropReason {
		const inside = this.#toInside.get(packet.dst);
		if (inside === undefined) return "no-mapping";
		const moved = moveDestination(packet, inside);
		return this.#firewall === null ? moved : this.#firewall.inbound(moved);
	}
}

/** The eight 16-bit words of an address. */
const words = (value: bigint): number[] =>
	Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(16 * (7 - i))) & 0xffffn));

const fromWords = (all: readonly number[]): bigint =>
	all.reduce((value, word) => (value << 16n) | BigInt(word), 0n);

/** One's complement addition of 16 bits (RFC 1071). */
const add = (a: number, b: number): number => {
	const sum = a + b;
	return (sum & 0xffff) + (sum >>> 16);
};

const checksum = (value: bigint): number => words(value).reduce(add, 0);

/**
 * IPv6 prefix translation without state (RFC 6296): the prefix is replaced and one word adjusted, so that no
 * checksum changes. Ports stay, and anyone outside can come in unless there is a firewall behind it.
 */
export class PrefixTranslator implements Translator {
	readonly hairpins = true;
	readonly #inside: Prefix;
	readonly #outside: Prefix;
	readonly #firewall: Firewall | null;

	/** @throws TopologyError unless both prefixes are IPv6 and of one length of at most 64 */
	constructor(where: string, inside: string, outside: string, firewall: Firewall | null) {
		this.#inside = parsePrefix(inside);
		this.#outside = parsePrefix(outside);
		this.#firewall = firewall;
		const { af, length } = this.#inside;
		if (af !== 6 || this.#outside.af !== 6 || length !== this.#outside.length || length > 64) {
			throw new TopologyError(
				where,
				`${inside} and ${outside} are not two IPv6 prefixes of one length up to 64`,
			);
		}
	}

	claims(ip: string): boolean {
		return contains(this.#outside, requireIp(ip));
	}

	outbound(packet: Packet): Packet | DropReason {
		const source = requireIp(packet.src);
		if (!contains(this.#inside, source)) return "not-translatable";
		const moved = translate(source, this.#inside, this.#outside);
		if (moved === null) return "not-translatable";
		this.#firewall?.outbound(packet);
		return moveSource(packet, moved);
	}

	inbound(packet: Packet): Packet | DropReason {
		const destination = requireIp(packet.dst);
		if (!contains(this.#outside, destination)) return "no-mapping";
		const inside = translate(destination, this.#outside, this.#inside);
		if (inside === null) return "not-translatable";
		const moved = moveDestination(packet, inside);
		return this.#firewall === null ? moved : this.#firewall.inbound(moved);
	}
}

/** The address under the other prefix (RFC 6296 sections 3.2 to 3.5), or null where no word can be adjusted. */
export function translate(ip: Ip, from: Prefix, to: Prefix): string | null {
	const free = BigInt(128 - from.length);
	const all = words(to.base | (ip.value & ((1n << free) - 1n)));
	const difference = add(checksum(from.base), ~checksum(to.base) & 0xffff);
	// Word 3 is the subnet's where the prefix leaves it whole; else the first word of the host part that is not FFFF.
	const at = from.length <= 48 ? 3 : all.findIndex((word, i) => i >= 4 && word !== 0xffff);
	const word = all[at];
	if (word === undefined || word === 0xffff) return null;
	const adjusted = add(word, difference);
	all[at] = adjusted === 0xffff ? 0 : adjusted;
	return makeIp(6, fromWords(all)).text;
}
