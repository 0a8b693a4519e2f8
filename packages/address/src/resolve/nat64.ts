import { IP4, IP6, is } from "@p2pd/net";
import { requireArgument } from "../arguments.js";
import type { AskFamily } from "../dns/system.js";
import { AddressError, AddressFamilyError, AddressNotFoundError, AddressValueError } from "../errors.js";
import { IP_ADDRESS, IpAddress } from "../ip/ip-address.js";
import { IP_RANGE, IPRange } from "../range/ip-range.js";
import type { Candidate } from "./order.js";
import type { Nat64Report } from "./types.js";

/*
 * RFC 6052 section 2.2: the positions of the four bytes of an IPv4 address, by prefix length. Byte 8 (bits 64 to 71) is
 * always zero and is skipped.
 *
 *   byte  0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15
 *   /32 | prefix      | v4            | u | suffix                     |
 *   /40 | prefix          | v4        | u |v4 | suffix                 |
 *   /48 | prefix              | v4    | u | v4    | suffix             |
 *   /56 | prefix                  |v4 | u | v4        | suffix         |
 *   /64 | prefix                      | u | v4            | suffix     |
 *   /96 | prefix                                      | v4            |
 */
const POSITIONS: ReadonlyMap<number, readonly [number, number, number, number]> = new Map([
	[32, [4, 5, 6, 7]],
	[40, [5, 6, 7, 9]],
	[48, [6, 7, 9, 10]],
	[56, [7, 9, 10, 11]],
	[64, [9, 10, 11, 12]],
	[96, [12, 13, 14, 15]],
]);

/** Bits 64 to 71. RFC 6052 wants them zero in every form, in a /96 as a part of the prefix. */
const ZERO_BYTE = 8;

/** The lengths that a translator's prefix can have. */
const NAT64_LENGTHS: readonly number[] = [...POSITIONS.keys()];

/**
 * The IPv6 address under which a translator with this prefix reaches an IPv4 address (RFC 6052 section 2.3).
 *
 * @throws AddressFamilyError if the two are not IPv4 and IPv6, AddressValueError for a prefix length that is not 32, 40,
 * 48, 56, 64 or 96, or a prefix with host bits
 */
export function embedV4(address: IpAddress, prefix: IPRange): IpAddress {
	requireArgument(address, "address", IP_ADDRESS);
	if (address.af !== IP4)
		throw new AddressFamilyError(`${address}`, IP4, [address.af], `${address} is not IPv4`);
	const bytes = checkNat64Prefix(prefix).network.toBytes();
	positionsOf(prefix.cidr).forEach((position, i) => {
		bytes[position] = address.toBytes()[i] ?? 0;
	});
	return IpAddress.fromBytes(bytes);
}

/** The IPv4 address inside a translator's address, or undefined outside the prefix. Throws as `embedV4` does. */
export function extractV4(address: IpAddress, prefix: IPRange): IpAddress | undefined {
	requireArgument(address, "address", IP_ADDRESS);
	if (!checkNat64Prefix(prefix).contains(address)) return undefined;
	return v4At(address, prefix.cidr);
}

/** The IPv4 address inside if the prefix has this length. */
function v4At(address: IpAddress, cidr: number): IpAddress {
	const bytes = address.toBytes();
	return IpAddress.fromBytes(Uint8Array.from(positionsOf(cidr), (position) => bytes[position] ?? 0));
}

/** Whether the byte that must be zero is zero. */
function hasZeroByte(address: IpAddress): boolean {
	return address.toBytes()[ZERO_BYTE] === 0;
}

/** Returns a prefix unchanged if a translator can have it. Throws AddressFamilyError or AddressValueError. */
export function checkNat64Prefix(prefix: IPRange): IPRange {
	requireArgument(prefix, "prefix", IP_RANGE);
	if (prefix.af !== IP6) throw new AddressFamilyError(`${prefix}`, IP6, [prefix.af], `${prefix} is not IPv6`);
	if (!POSITIONS.has(prefix.cidr) || prefix.hasHostBits || !hasZeroByte(prefix.network)) {
		throw new AddressValueError(`${prefix}`, "not a NAT64 prefix of RFC 6052");
	}
	return prefix;
}

function positionsOf(cidr: number): readonly [number, number, number, number] {
	const positions = POSITIONS.get(cidr);
	if (!positions)
		throw new AddressValueError(String(cidr), "a NAT64 prefix length is 32, 40, 48, 56, 64 or 96");
	return positions;
}

/** A name with only the two addresses below, so that any IPv6 address of it comes from a DNS64: RFC 7050. */
export const NAT64_NAME = "ipv4only.arpa";
const WELL_KNOWN_V4: readonly string[] = ["192.0.0.170", "192.0.0.171"];

/** One way to read an address: its prefix, and which of the two well-known addresses it contains. */
interface Reading {
	readonly prefix: IPRange;
	readonly v4: string;
}

/**
 * The translator's prefixes, from the IPv6 addresses of `ipv4only.arpa`, in their order, each once (RFC 7050 section 3).
 * An address that can be read in several ways counts only in those that another address, with the other well-known IPv4
 * address, confirms.
 */
export function nat64PrefixesFrom(addresses: readonly IpAddress[]): IPRange[] {
	requireArgument(addresses, "addresses", is.listOf(IP_ADDRESS));
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
		const v4 = v4At(address, cidr).toString();
		if (!WELL_KNOWN_V4.includes(v4) || !hasZeroByte(address)) return [];
		const { network } = new IPRange(address, cidr);
		return [{ prefix: new IPRange(network, cidr), v4 }];
	});
}

function confirms(other: Reading, reading: Reading): boolean {
	return other.v4 !== reading.v4 && other.prefix.equals(reading.prefix);
}

/** The prefix that any NAT64 may use, but only for public IPv4 addresses: RFC 6052 section 3.1. */
const WELL_KNOWN_PREFIX = IPRange.parse("64:ff9b::/96");

/** The IPv6 addresses made, and why there are some or none. */
export interface Synthesis {
	readonly report: Nat64Report;
	readonly addresses: readonly IpAddress[];
}

/**
 * IPv6 addresses for IPv4 destinations that cannot be reached directly.
 *
 * @param findPrefix finds the translator's prefix; if it fails, the report says so and the IPv4 addresses remain
 */
export async function synthesise(
	candidates: readonly Candidate[],
	findPrefix: () => Promise<IPRange>,
): Promise<Synthesis> {
	const hasV6 = candidates.some(({ address, source }) => address.af === IP6 && source !== null);
	const canReachV4 = candidates.some(({ address, source }) => address.af === IP4 && source !== null);
	const targets = candidates.map(({ address }) => address).filter(isForTranslator);
	if (hasV6 || canReachV4 || targets.length === 0) return { report: { status: "not-needed" }, addresses: [] };
	let prefix: IPRange;
	try {
		prefix = await findPrefix();
	} catch (error) {
		if (!(error instanceof AddressError)) throw error;
		return { report: { status: "failed", error }, addresses: [] };
	}
	const addresses = targets
		.filter((address) => address.isPublic || !prefix.equals(WELL_KNOWN_PREFIX))
		.map((address) => embedV4(address, prefix));
	if (addresses.length === 0) return { report: { status: "not-needed" }, addresses };
	return { report: { status: "synthesised", prefix: prefix.toString() }, addresses };
}

/** Whether an address can belong to a host on the other side of a translator. */
function isForTranslator(address: IpAddress): boolean {
	return address.af === IP4 && (address.isPublic || address.isPrivate || address.isShared);
}

/** Finds the prefix by asking the network's DNS64: RFC 7050. Rejects with AddressNotFoundError if there is none. */
export async function discoverPrefix(ask: AskFamily, signal: AbortSignal): Promise<IPRange> {
	const addresses = await ask(IP6, signal);
	const [prefix] = nat64PrefixesFrom(addresses.map((address) => IpAddress.parse(address)));
	if (!prefix) throw new AddressNotFoundError(NAT64_NAME, "no NAT64 prefix in the IPv6 addresses");
	return prefix;
}
