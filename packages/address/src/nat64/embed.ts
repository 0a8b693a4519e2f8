import { AddressFamilyError, AddressValueError } from "../errors.js";
import { IP4, IP6 } from "../family.js";
import { IpAddress } from "../ip/ip-address.js";
import type { IPRange } from "../range/ip-range.js";

/*
 * RFC 6052 section 2.2: where the four bytes of an IPv4 address stand, by prefix length. Byte 8 (bits 64 to 71)
 * is always zero and is skipped.
 *
 *   byte  0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15
 *   /32 | prefix      | v4            | u | suffix                     |
 *   /40 | prefix          | v4        | u |v4 | suffix                 |
 *   /48 | prefix              | v4    | u | v4    | suffix             |
 *   /56 | prefix                  |v4 | u | v4        | suffix         |
 *   /64 | prefix                      | u | v4            | suffix     |
 *   /96 | prefix                                      | v4            |
 */
const PLACES: ReadonlyMap<number, readonly [number, number, number, number]> = new Map([
	[32, [4, 5, 6, 7]],
	[40, [5, 6, 7, 9]],
	[48, [6, 7, 9, 10]],
	[56, [7, 9, 10, 11]],
	[64, [9, 10, 11, 12]],
	[96, [12, 13, 14, 15]],
]);

/** Bits 64 to 71, which RFC 6052 wants zero in every form; in a /96 they are the part of the prefix that must be. */
const ZERO_BYTE = 8;

/** The prefix lengths that a translator's prefix can have. */
export const NAT64_LENGTHS: readonly number[] = [...PLACES.keys()];

/**
 * The IPv6 address by which a translator with this prefix reaches an IPv4 address (RFC 6052 section 2.3).
 * @throws AddressFamilyError where the two are not IPv4 and IPv6, AddressValueError for a prefix length
 * that is not one of 32, 40, 48, 56, 64 and 96, or a prefix with host bits.
 */
export function embedV4(address: IpAddress, prefix: IPRange): IpAddress {
	if (address.af !== IP4)
		throw new AddressFamilyError(`${address}`, IP4, [address.af], `${address} is not IPv4`);
	const bytes = checkNat64Prefix(prefix).network.toBytes();
	placesOf(prefix.cidr).forEach((place, i) => {
		bytes[place] = address.toBytes()[i] ?? 0;
	});
	return IpAddress.fromBytes(bytes);
}

/** The IPv4 address inside of a translator's address. Throws as `embedV4` does; undefined outside of the prefix. */
export function extractV4(address: IpAddress, prefix: IPRange): IpAddress | undefined {
	if (!checkNat64Prefix(prefix).contains(address)) return undefined;
	return v4At(address, prefix.cidr);
}

/** The four bytes that would be an IPv4 address if the prefix had this length. */
export function v4At(address: IpAddress, cidr: number): IpAddress {
	const bytes = address.toBytes();
	return IpAddress.fromBytes(Uint8Array.from(placesOf(cidr), (place) => bytes[place] ?? 0));
}

/** Whether the byte that has to be zero is. */
export function hasZeroByte(address: IpAddress): boolean {
	return address.toBytes()[ZERO_BYTE] === 0;
}

/** The prefix as it is, if a translator can have it. Throws AddressFamilyError and AddressValueError. */
export function checkNat64Prefix(prefix: IPRange): IPRange {
	if (prefix.af !== IP6) throw new AddressFamilyError(`${prefix}`, IP6, [prefix.af], `${prefix} is not IPv6`);
	if (!PLACES.has(prefix.cidr) || prefix.hasHostBits || !hasZeroByte(prefix.network)) {
		throw new AddressValueError(`${prefix}`, "not a NAT64 prefix of RFC 6052");
	}
	return prefix;
}

function placesOf(cidr: number): readonly [number, number, number, number] {
	const places = PLACES.get(cidr);
	if (!places) throw new AddressValueError(String(cidr), "a NAT64 prefix length is 32, 40, 48, 56, 64 or 96");
	return places;
}
