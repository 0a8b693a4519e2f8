import { bitsOf, type Family, IP6, is } from "@p2pd/net";
import { requireArgument, requireFamily, requireText } from "../arguments.js";
import { AddressSyntaxError, AddressValueError } from "../errors.js";
import { IP_INPUT, IpAddress, type IpInput } from "../ip/ip-address.js";
import { type Fault, fault, readIp } from "../ip/text.js";

/** An address and the prefix length that a range is made from. */
export interface Block {
	readonly given: IpAddress;
	readonly cidr: number;
}

/**
 * Reads what a range is made from, in either form: `ip/prefix` text, or an address and its prefix apart.
 *
 * @throws AddressSyntaxError, AddressValueError
 */
export function readBlock(ip: IpInput, prefix: number | string | undefined): Block {
	requireArgument(ip, "ip", IP_INPUT);
	if (prefix !== undefined) requireArgument(prefix, "prefix", PREFIX);
	const slash = typeof ip === "string" ? ip.indexOf("/") : -1;
	if (typeof ip !== "string" || slash < 0) {
		const given = IpAddress.from(ip);
		return { given, cidr: prefix === undefined ? bitsOf(given.af) : toCidr(prefix, given.af) };
	}
	if (prefix !== undefined) throw new AddressSyntaxError(ip, slash, "a second prefix");
	const given = parseBeforeSlash(ip, slash);
	const reading = readPrefix(ip.slice(slash + 1), given.af);
	if (!reading.ok) throw new AddressSyntaxError(ip, slash + 1 + reading.position, reading.reason);
	return { given, cidr: reading.cidr };
}

/**
 * The prefix length of a netmask text: 24 for 255.255.255.0, 64 for ffff:ffff:ffff:ffff::. It may have its length after
 * it, as Python's netifaces writes (ffff:ffff:ffff:ffff::/64), or be only that (/24).
 *
 * @throws AddressSyntaxError if it cannot be read, AddressValueError if its set bits have a gap or its length differs
 */
export function netmaskToCidr(netmask: string): number {
	requireText(netmask, "netmask");
	if (netmask.startsWith("/")) return toCidr(netmask, IP6);
	const slash = netmask.indexOf("/");
	const { af } = slash < 0 ? IpAddress.parse(netmask) : parseBeforeSlash(netmask, slash);
	const reading = readPrefix(netmask, af);
	if (!reading.ok) throw new AddressValueError(netmask, reading.reason);
	return reading.cidr;
}

/**
 * The netmask text of a prefix length: 255.255.255.0 for 24 and IPv4.
 *
 * @throws AddressValueError for a length that the family does not have
 */
export function cidrToNetmask(cidr: number, af: Family): string {
	requireFamily(af, "af");
	requireArgument(cidr, "cidr", NUMBER);
	const bits = BigInt(bitsOf(af));
	const hostBits = bits - BigInt(checkCidr(cidr, af));
	return IpAddress.fromBigInt((((1n << bits) - 1n) >> hostBits) << hostBits, af).toString();
}

type PrefixReading = { readonly ok: true; readonly cidr: number } | Fault;

/** The address before the slash. An error names the whole text. */
function parseBeforeSlash(text: string, slash: number): IpAddress {
	try {
		return IpAddress.parse(text.slice(0, slash));
	} catch (error) {
		if (!(error instanceof AddressSyntaxError)) throw error;
		throw new AddressSyntaxError(text, error.position, error.reason);
	}
}

/** A prefix length given as a number, as digits or as a netmask. */
function toCidr(prefix: number | string, af: Family): number {
	if (typeof prefix === "number") return checkCidr(prefix, af);
	const digits = prefix.startsWith("/") ? prefix.slice(1) : prefix;
	const reading = readPrefix(digits, af);
	if (reading.ok) return reading.cidr;
	throw new AddressSyntaxError(prefix, reading.position + prefix.length - digits.length, reading.reason);
}

/**
 * Reads the prefix of an address of family `af`: a prefix length, a netmask, or a netmask with its length after it, as
 * Python's netifaces writes it for IPv6.
 */
function readPrefix(text: string, af: Family): PrefixReading {
	if (!/[.:]/.test(text)) return readLength(text, af);
	const slash = text.indexOf("/");
	const mask = readMask(slash < 0 ? text : text.slice(0, slash), af);
	if (!mask.ok || slash < 0) return mask;
	const length = readLength(text.slice(slash + 1), af);
	if (!length.ok) return fault(slash + 1 + length.position, length.reason);
	return length.cidr === mask.cidr ? mask : fault(slash + 1, "not the length of the netmask before it");
}

function readMask(text: string, af: Family): PrefixReading {
	const mask = readIp(text);
	if (!mask.ok) return mask;
	if (mask.af !== af) return fault(0, `an IPv${mask.af} netmask for an IPv${af} address`);
	const cidr = lengthOf(mask.value, af);
	return cidr === undefined ? fault(0, "a netmask with a gap") : { ok: true, cidr };
}

function readLength(text: string, af: Family): PrefixReading {
	for (let i = 0; i < text.length; i++) {
		const char = text.charCodeAt(i);
		if (char < 0x30 || char > 0x39) return fault(i, "not a digit of a prefix length");
		if (i === 1 && text.startsWith("0")) return fault(0, "a leading zero");
		if (i === 3) return fault(i, "too long for a prefix length");
	}
	if (text === "") return fault(0, "expected a prefix length");
	const cidr = Number(text);
	return cidr > bitsOf(af) ? fault(0, `a prefix length above ${bitsOf(af)}`) : { ok: true, cidr };
}

/** The prefix length of a netmask, or undefined if its set bits have a gap (255.0.255.0). */
function lengthOf(mask: bigint, af: Family): number | undefined {
	const hostBits = (1n << BigInt(bitsOf(af))) - 1n - mask;
	// Host bits are one run from the lowest bit up exactly if one more is a power of two.
	if ((hostBits & (hostBits + 1n)) !== 0n) return undefined;
	return bitsOf(af) - (hostBits === 0n ? 0 : hostBits.toString(2).length);
}

function checkCidr(cidr: number, af: Family): number {
	if (!Number.isInteger(cidr) || cidr < 0 || cidr > bitsOf(af)) {
		throw new AddressValueError(String(cidr), `a prefix length of IPv${af} is 0 to ${bitsOf(af)}`);
	}
	return cidr;
}

const NUMBER = is.a("a number", (value) => typeof value === "number");
const PREFIX = is.either("a prefix length or a netmask", NUMBER, is.text);
