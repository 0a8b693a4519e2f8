import { IP4, IP6 } from "@p2pd/net";
import { IpAddress } from "../ip/ip-address.js";
import { IPRange } from "../range/ip-range.js";

/** A destination with the address that packets to it would come from. */
export interface Candidate {
	readonly address: IpAddress;
	/** null: it cannot be reached. undefined: not known. */
	readonly source: IpAddress | null | undefined;
}

/**
 * The better destination first, by the rules of RFC 6724 section 6 that a program can apply: 1 (reachable), 2 (matching
 * scope), 5 (matching label), 6 (precedence), 8 (smaller scope), 9 (longest matching prefix; IPv6 only, since in IPv4 it
 * would undo the rotation of a server's answers) and 10 (as they came). Rules 3, 4 and 7 need facts that no program is
 * told: which sources are deprecated, home addresses, or behind a tunnel. If any source is unknown, rules 2, 5 and 9 are
 * left out for all: applied to some pairs only, they would give no consistent order.
 */
export function orderDestinations(candidates: readonly Candidate[]): Candidate[] {
	const compare = candidates.some(({ source }) => source === undefined)
		? compareDestinations
		: compareWithSources;
	// Sorting is stable: rule 10.
	return candidates.toSorted(
		(a, b) => Number(a.source === null) - Number(b.source === null) || compare(a, b),
	);
}

/**
 * Alternates families, beginning with that of the first candidate, each in its own order: RFC 8305 section 4, so that a
 * dead family costs one attempt and not one for each of its addresses.
 */
export function interleave(candidates: readonly Candidate[]): Candidate[] {
	const first = candidates[0]?.address.af;
	const one = candidates.filter(({ address }) => address.af === first);
	const other = candidates.filter(({ address }) => address.af !== first);
	const longer = Math.max(one.length, other.length);
	return Array.from({ length: longer }, (_, i) => [one[i], other[i]])
		.flat()
		.filter((candidate) => candidate !== undefined);
}

function compareWithSources(a: Candidate, b: Candidate): number {
	return (
		Number(hasSourceScope(b)) - Number(hasSourceScope(a)) ||
		Number(hasSourceLabel(b)) - Number(hasSourceLabel(a)) ||
		compareDestinations(a, b) ||
		commonBits(b) - commonBits(a)
	);
}

/** The rules that do not need the sources. */
function compareDestinations(a: Candidate, b: Candidate): number {
	return (
		policyOf(b.address).precedence - policyOf(a.address).precedence || scopeOf(a.address) - scopeOf(b.address)
	);
}

function hasSourceScope({ address, source }: Candidate): boolean {
	return !!source && scopeOf(source) === scopeOf(address);
}

function hasSourceLabel({ address, source }: Candidate): boolean {
	return !!source && policyOf(source).label === policyOf(address).label;
}

/** How many leading bits an IPv6 destination and its source share, of the 64 that name a network. */
function commonBits({ address, source }: Candidate): number {
	if (source?.af !== IP6 || address.af !== IP6) return 0;
	const differing = (address.toBigInt() ^ source.toBigInt()) >> 64n;
	return 64 - (differing === 0n ? 0 : differing.toString(2).length);
}

/** Addresses with the same label suit each other; a higher precedence is better. */
interface Policy {
	readonly precedence: number;
	readonly label: number;
}

/** The default policy table, RFC 6724 section 2.1, the longest prefix first. */
const POLICIES = (
	[
		["::1/128", 50, 0],
		["::ffff:0:0/96", 35, 4],
		["::/96", 1, 3],
		["2001::/32", 5, 5],
		["2002::/16", 30, 2],
		["3ffe::/16", 1, 12],
		["fec0::/10", 1, 11],
		["fc00::/7", 3, 13],
		["::/0", 40, 1],
	] as const
).map(([range, precedence, label]) => ({ range: IPRange.parse(range), policy: { precedence, label } }));

/** The policy of an address. An IPv4 address is looked up in its v4-mapped form. */
function policyOf(address: IpAddress): Policy {
	const mapped = asV6(address);
	const line = POLICIES.find(({ range }) => range.contains(mapped));
	if (!line) throw new Error("the policy table has no line for ::/0");
	return line.policy;
}

/** Scopes of RFC 4291 section 2.7, from the smallest to the largest. */
const LINK_LOCAL = 0x2;
const SITE_LOCAL = 0x5;
const GLOBAL = 0xe;

/** The scope of an address: RFC 6724 sections 3.1 and 3.2, where private IPv4 counts as global. */
export function scopeOf(address: IpAddress): number {
	const { ipClass } = address;
	if (ipClass === "link-local" || ipClass === "loopback") return LINK_LOCAL;
	const [first = 0, second = 0] = asV6(address).toBytes();
	if (first === 0xff) return second & 0xf;
	return first === 0xfe && (second & 0xc0) === 0xc0 ? SITE_LOCAL : GLOBAL;
}

function asV6(address: IpAddress): IpAddress {
	return address.af === IP4 ? IpAddress.fromBigInt((0xffffn << 32n) | address.toBigInt(), 6) : address;
}
