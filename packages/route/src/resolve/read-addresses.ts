import { type Family, IPRange, IpAddress } from "@p2pd/address";
import { RouteFamilyError, RouteValueError } from "../errors.js";
import { needsZone } from "../sockets/place.js";
import type { SourceAddress } from "../types.js";

/** An address or block to observe, and the addresses to try it from, best first. */
export interface Entry {
	readonly range: IPRange;
	readonly sources: readonly string[];
}

/** A NIC's addresses, sorted by what is done with them. */
export interface NicEntries {
	/** IPv6 link-locals: never observed, they are the NIC's side. */
	readonly linkLocals: readonly IPRange[];
	/** What is observed, in the NIC's order. Loopback addresses too: a server on this host sees them. */
	readonly entries: readonly Entry[];
}

/**
 * Reads a NIC's addresses. One without host bits is a block (`8.8.0.0/16`), any other a single address
 * (`203.0.113.7/24` is one address in a subnet). A default source that no entry covers becomes one itself.
 * @throws RouteFamilyError for an address of the other family, RouteValueError for a text or prefix that is none.
 */
export function readAddresses(
	af: Family,
	addresses: readonly SourceAddress[],
	defaultSource: string | undefined,
): NicEntries {
	const ranges = unique(addresses.map((address) => readRange(af, address)));
	const source = defaultSource === undefined ? null : readIp(af, "defaultSource", defaultSource);
	if (source !== null && !ranges.some((range) => range.contains(source))) ranges.push(new IPRange(source));
	const linkLocals = ranges.filter((range) => needsZone(range.network));
	const entries = ranges
		.filter((range) => !linkLocals.includes(range))
		.map((range) => ({ range, sources: sourcesOf(range, source) }));
	return { linkLocals, entries };
}

/** A block is verified by its first host; where that cannot be used, by an address that the OS surely has. */
function sourcesOf(range: IPRange, defaultSource: IpAddress | null): string[] {
	if (range.isSingle) return [range.ip];
	const own = defaultSource !== null && range.contains(defaultSource) ? [defaultSource.toString()] : [];
	return [...new Set([range.first.toString(), ...own, range.ip])];
}

function readRange(af: Family, { ip, cidr }: SourceAddress): IPRange {
	const address = readIp(af, "addresses", ip);
	if (needsZone(address)) return new IPRange(address);
	let range: IPRange;
	try {
		range = new IPRange(address, cidr);
	} catch (cause) {
		throw new RouteValueError("addresses", `${ip}/${cidr} is no address with a prefix`, { cause });
	}
	return range.hasHostBits ? new IPRange(address) : range;
}

function readIp(af: Family, field: string, text: string): IpAddress {
	let address: IpAddress;
	try {
		address = IpAddress.parse(text);
	} catch (cause) {
		throw new RouteValueError(field, `${text} is no address`, { cause });
	}
	if (address.af !== af) throw new RouteFamilyError(text, af);
	return address;
}

function unique(ranges: readonly IPRange[]): IPRange[] {
	return ranges.filter((range, index) => ranges.findIndex((other) => other.equals(range)) === index);
}
