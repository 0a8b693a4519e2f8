import { AddressSyntaxError, AddressValueError } from "../errors.js";
import { bitsOf } from "../family.js";
import { IpAddress } from "../ip/ip-address.js";
import { type Fault, fault, readIp } from "../ip/read-ip.js";
import type { Family } from "../types.js";

/** The mask of a prefix length as a number: the first `cidr` bits set. */
function maskValue(cidr: number, af: Family): bigint {
	const bits = BigInt(bitsOf(af));
	return ((1n << BigInt(cidr)) - 1n) << (bits - BigInt(cidr));
}

/** The prefix length of a mask, or undefined where its set bits have a gap (255.0.255.0). */
function prefixOf(mask: bigint, af: Family): number | undefined {
	const hostBits = (1n << BigInt(bitsOf(af))) - 1n - mask;
	// Host bits that are one run from the lowest bit up: one more than them is a power of two.
	if ((hostBits & (hostBits + 1n)) !== 0n) return undefined;
	return bitsOf(af) - (hostBits === 0n ? 0 : hostBits.toString(2).length);
}

/** Reads what stands behind the slash for an address of family `af`: a prefix length or a netmask. */
export function readPrefix(text: string, af: Family): { ok: true; cidr: number } | Fault {
	if (/[.:]/.test(text)) {
		const mask = readIp(text);
		if (!mask.ok) return mask;
		if (mask.af !== af) return fault(0, `an IPv${mask.af} netmask for an IPv${af} address`);
		const cidr = prefixOf(mask.value, af);
		return cidr === undefined ? fault(0, "a netmask with a gap") : { ok: true, cidr };
	}
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

/**
 * The prefix length of a netmask text: 24 for 255.255.255.0, 64 for ffff:ffff:ffff:ffff::.
 * @throws AddressSyntaxError if it is no address, AddressValueError if its set bits have a gap.
 */
export function netmaskToCidr(netmask: string): number {
	const { af } = IpAddress.parse(netmask);
	const reading = readPrefix(netmask, af);
	if (!reading.ok) throw new AddressValueError(netmask, reading.reason);
	return reading.cidr;
}

/**
 * The netmask text of a prefix length: 255.255.255.0 for 24 and IPv4.
 * @throws AddressValueError for a length that the family does not have.
 */
export function cidrToNetmask(cidr: number, af: Family): string {
	return IpAddress.fromBigInt(maskValue(checkCidr(cidr, af), af), af).toString();
}

/** The prefix length itself, if the family has it. Throws AddressValueError otherwise. */
function checkCidr(cidr: number, af: Family): number {
	if (!Number.isInteger(cidr) || cidr < 0 || cidr > bitsOf(af)) {
		throw new AddressValueError(String(cidr), `a prefix length of IPv${af} is 0 to ${bitsOf(af)}`);
	}
	return cidr;
}

/** A prefix length given as a number, as digits or as a netmask. Throws as its parts do. */
export function toCidr(prefix: number | string, af: Family): number {
	if (typeof prefix === "number") return checkCidr(prefix, af);
	const digits = prefix.startsWith("/") ? prefix.slice(1) : prefix;
	const reading = readPrefix(digits, af);
	if (reading.ok) return reading.cidr;
	throw new AddressSyntaxError(prefix, reading.position + prefix.length - digits.length, reading.reason);
}
