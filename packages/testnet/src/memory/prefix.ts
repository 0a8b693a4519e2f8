import { type Ip, requireIp } from "./ip.js";
import type { Family } from "./types.js";

/** A block of addresses. */
export interface Prefix {
	readonly af: Family;
	/** The address with its host bits cleared. */
	readonly base: bigint;
	/** Leading bits that are fixed. */
	readonly length: number;
}

const width = (af: Family): number => (af === 4 ? 32 : 128);

/** The low bits that a prefix leaves free, as a mask. */
export const hostMask = (prefix: Prefix): bigint => (1n << BigInt(width(prefix.af) - prefix.length)) - 1n;

/**
 * Reads "192.168.1.20/24" into the address and its block; without a prefix length the block is the address.
 * @throws TypeError when it is neither
 */
export function parseAddress(text: string): { readonly ip: Ip; readonly prefix: Prefix } {
	const [address = "", bits, ...rest] = text.split("/");
	const ip = requireIp(address);
	const length = bits === undefined ? width(ip.af) : Number(bits);
	if (rest.length > 0 || bits === "" || !Number.isInteger(length) || length < 0 || length > width(ip.af)) {
		throw new TypeError(`not an address with prefix: ${text}`);
	}
	return { ip, prefix: { af: ip.af, base: cleared(ip, length), length } };
}

/** @throws TypeError when the text is no block */
export const parsePrefix = (text: string): Prefix => parseAddress(text).prefix;

/** The block of everything. */
export const everything = (af: Family): Prefix => ({ af, base: 0n, length: 0 });

export const contains = (prefix: Prefix, ip: Ip): boolean =>
	prefix.af === ip.af && prefix.base === cleared(ip, prefix.length);

function cleared(ip: Ip, length: number): bigint {
	const free = BigInt(width(ip.af) - length);
	return (ip.value >> free) << free;
}
