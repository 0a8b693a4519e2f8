import { IP6 } from "../family.js";
import type { IpAddress } from "../ip/ip-address.js";
import { policyOf, scopeOf } from "./policy.js";

/** A destination with the address that packets to it would come from. */
export interface Candidate {
	readonly address: IpAddress;
	/** null: there is none, so it cannot be reached. undefined: not known. */
	readonly source: IpAddress | null | undefined;
}

/**
 * The better destination first, by the rules of RFC 6724 section 6 that can be known: 1 (usable), 2 (matching
 * scope), 5 (matching label), 6 (precedence), 8 (smaller scope), 9 (longest matching prefix, IPv6 only, as in
 * IPv4 it would undo the rotation of a server's answers) and 10 (as they came). Rules 3, 4 and 7 need what no
 * program is told: which sources are deprecated, home addresses, or behind a tunnel. Rules 2, 5 and 9 are left
 * out where the source of any is not known: between some pairs only, they would give no order at all.
 */
export function orderDestinations(candidates: readonly Candidate[]): Candidate[] {
	const compare = candidates.some(({ source }) => source === undefined) ? compareAlone : compareFully;
	// Sorting is stable: rule 10.
	return candidates.toSorted(
		(a, b) => Number(a.source === null) - Number(b.source === null) || compare(a, b),
	);
}

function compareFully(a: Candidate, b: Candidate): number {
	return (
		Number(hasSourceScope(b)) - Number(hasSourceScope(a)) ||
		Number(hasSourceLabel(b)) - Number(hasSourceLabel(a)) ||
		compareAlone(a, b) ||
		commonBits(b) - commonBits(a)
	);
}

/** The rules that need no source. */
function compareAlone(a: Candidate, b: Candidate): number {
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

/** How many leading bits an IPv6 destination and its source share; the last 64 of a source only name its host. */
function commonBits({ address, source }: Candidate): number {
	if (source?.af !== IP6 || address.af !== IP6) return 0;
	const differing = (address.toBigInt() ^ source.toBigInt()) >> 64n;
	return 64 - (differing === 0n ? 0 : differing.toString(2).length);
}

/**
 * Families in turn, beginning with that of the first, each in its own order: RFC 8305 section 4, so that a dead
 * family costs one try and not all of them.
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
