import type { IpAddress } from "../ip/ip-address.js";
import { IPRange } from "../range/ip-range.js";
import { hasZeroByte, NAT64_LENGTHS, v4At } from "./embed.js";

/** The name that has only these IPv4 addresses, so that an IPv6 address of it comes from a DNS64: RFC 7050. */
export const NAT64_NAME = "ipv4only.arpa";
const WELL_KNOWN: readonly string[] = ["192.0.0.170", "192.0.0.171"];

/** One reading of one address: the prefix it would have, and which of the two well-known addresses it holds. */
interface Reading {
	readonly prefix: IPRange;
	readonly holds: string;
}

/**
 * The translator's prefixes, from the IPv6 addresses of `ipv4only.arpa`, in their order and each once (RFC 7050
 * section 3). An address that can be read in several ways counts only as another one, which holds the other
 * well-known address, confirms it.
 */
export function prefixesFrom(addresses: readonly IpAddress[]): IPRange[] {
	const perAddress = addresses.map(readingsOf);
	const all = perAddress.flat();
	const prefixes = perAddress.flatMap((readings) =>
		readings.length === 1
			? readings
			: readings.filter((reading) => all.some((other) => confirms(other, reading))),
	);
	return [...new Map(prefixes.map(({ prefix }) => [prefix.toString(), prefix])).values()];
}

function readingsOf(address: IpAddress): Reading[] {
	return NAT64_LENGTHS.flatMap((cidr) => {
		const holds = v4At(address, cidr).toString();
		if (!WELL_KNOWN.includes(holds) || !hasZeroByte(address)) return [];
		const { network } = new IPRange(address, cidr);
		return [{ prefix: new IPRange(network, cidr), holds }];
	});
}

function confirms(other: Reading, reading: Reading): boolean {
	return other.holds !== reading.holds && other.prefix.equals(reading.prefix);
}
