import type { AskFamily } from "../dns/types.js";
import { AddressError, AddressNotFoundError } from "../errors.js";
import { IP4, IP6 } from "../family.js";
import { IpAddress } from "../ip/ip-address.js";
import { NAT64_NAME, prefixesFrom } from "../nat64/discover.js";
import { embedV4 } from "../nat64/embed.js";
import type { Candidate } from "../order/order-destinations.js";
import { IPRange } from "../range/ip-range.js";
import type { Nat64Report } from "./resolution.js";

/** The prefix that every NAT64 may use, and only for public IPv4 addresses: RFC 6052 section 3.1. */
const WELL_KNOWN_PREFIX = IPRange.parse("64:ff9b::/96");

/** What the wish for NAT64 came to. */
export interface Synthesis {
	readonly report: Nat64Report;
	readonly addresses: readonly IpAddress[];
}

/**
 * IPv6 addresses for IPv4 destinations that cannot be reached as they are.
 * @param findPrefix - The translator's prefix. Its failure is reported, since the IPv4 addresses are still there.
 */
export async function synthesise(
	candidates: readonly Candidate[],
	findPrefix: () => Promise<IPRange>,
): Promise<Synthesis> {
	const hasV6 = candidates.some(({ address, source }) => address.af === IP6 && source !== null);
	const isV4Usable = candidates.some(({ address, source }) => address.af === IP4 && source !== null);
	const unreached = candidates.map(({ address }) => address).filter(isForTranslator);
	if (hasV6 || isV4Usable || unreached.length === 0)
		return { report: { status: "not-needed" }, addresses: [] };
	let prefix: IPRange;
	try {
		prefix = await findPrefix();
	} catch (error) {
		if (!(error instanceof AddressError)) throw error;
		return { report: { status: "failed", error }, addresses: [] };
	}
	const addresses = unreached
		.filter((address) => address.isPublic || !prefix.equals(WELL_KNOWN_PREFIX))
		.map((address) => embedV4(address, prefix));
	if (addresses.length === 0) return { report: { status: "not-needed" }, addresses };
	return { report: { status: "synthesised", prefix: prefix.toString() }, addresses };
}

/** A unicast address that another host can have: the rest has no business on the other side of a translator. */
function isForTranslator(address: IpAddress): boolean {
	return address.af === IP4 && (address.isPublic || address.isPrivate || address.isShared);
}

/** Finds the prefix out from the network's DNS64: RFC 7050. Rejects with AddressNotFoundError if there is none. */
export async function discoverPrefix(ask: AskFamily, signal: AbortSignal): Promise<IPRange> {
	const addresses = await ask(IP6, signal);
	const [prefix] = prefixesFrom(addresses.map((address) => IpAddress.parse(address)));
	if (!prefix) throw new AddressNotFoundError(NAT64_NAME, "no NAT64 prefix in the IPv6 addresses");
	return prefix;
}
