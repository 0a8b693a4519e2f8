import type { Family } from "./memory/types.js";

/** An address in the three forms that the network needs. */
export interface Ip {
	readonly af: Family;
	readonly value: bigint;
	/** Canonical: dotted quad, or RFC 5952. */
	readonly text: string;
}

/** Parsed texts are few and come often. The memory is emptied if a test makes very many. */
const known = new Map<string, Ip | null>();
const MAX_KNOWN = 20_000;

/** The address of a text without a zone, or null if it is not one. */
export function parseIp(text: string): Ip | null {
	const seen = known.get(text);
	if (seen !== undefined) return seen;
	const value = text.includes(":") ? parseV6(text) : parseV4(text);
	const ip = value === null ? null : makeIp(text.includes(":") ? 6 : 4, value);
	if (known.size >= MAX_KNOWN) known.clear();
	known.set(text, ip);
	return ip;
}

/** @throws TypeError if the text is not an address */
export function requireIp(text: string): Ip {
	const ip = parseIp(text);
	if (ip === null) throw new TypeError(`not an IP address: ${text}`);
	return ip;
}

/** The address of a family with this number. */
export function makeIp(af: Family, value: bigint): Ip {
	return { af, value, text: af === 4 ? formatV4(value) : formatV6(value) };
}

function parseV4(text: string): bigint | null {
	const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
	if (match === null) return null;
	let value = 0;
	for (const part of match.slice(1)) {
		const octet = Number(part);
		if (octet > 255 || (part.length > 1 && part.startsWith("0"))) return null;
		value = value * 256 + octet;
	}
	return BigInt(value);
}

function parseV6(text: string): bigint | null {
	const halves = text.split("::");
	if (halves.length > 2) return null;
	const head = groups(halves[0] ?? "", halves.length === 1);
	const tail = groups(halves[1] ?? "", true);
	if (head === null || tail === null) return null;
	const missing = 8 - head.length - tail.length;
	if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
	const all = [...head, ...Array<number>(missing).fill(0), ...tail];
	return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** The 16-bit groups of one side of "::"; a dotted quad may end the last side. */
function groups(text: string, quadAllowed: boolean): number[] | null {
	if (text === "") return [];
	const out: number[] = [];
	const parts = text.split(":");
	for (const [i, part] of parts.entries()) {
		if (part.includes(".")) {
			const quad = quadAllowed && i === parts.length - 1 ? parseV4(part) : null;
			if (quad === null) return null;
			out.push(Number(quad >> 16n), Number(quad & 0xffffn));
		} else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
			out.push(Number.parseInt(part, 16));
		} else {
			return null;
		}
	}
	return out;
}

const formatV4 = (value: bigint): string => {
	const n = Number(value);
	return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
};

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
function formatV6(value: bigint): string {
	const all = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(16 * (7 - i))) & 0xffffn));
	if (value >> 32n === 0xffffn) return `::ffff:${formatV4(value & 0xffff_ffffn)}`;
	let best = { start: -1, length: 1 };
	for (let start = 0; start < 8; start++) {
		let length = 0;
		while (start + length < 8 && all[start + length] === 0) length++;
		if (length > best.length) best = { start, length };
	}
	const text = (from: number, to: number): string =>
		all
			.slice(from, to)
			.map((group) => group.toString(16))
			.join(":");
	if (best.start < 0) return text(0, 8);
	return `${text(0, best.start)}::${text(best.start + best.length, 8)}`;
}

/** A block of addresses. */
export interface Prefix {
	readonly af: Family;
	/** The address with its host bits cleared. */
	readonly base: bigint;
	/** Leading bits that are fixed. */
	readonly length: number;
}

/** An address in its block. */
export interface Cidr {
	readonly af: Family;
	readonly ip: Ip;
	readonly prefix: Prefix;
}

const width = (af: Family): number => (af === 4 ? 32 : 128);

/** The low bits that a prefix leaves free, as a mask. */
export const hostMask = (prefix: Prefix): bigint => (1n << BigInt(width(prefix.af) - prefix.length)) - 1n;

/**
 * Reads "192.168.1.20/24" into the address and its block. Without a prefix length the block is the address.
 *
 * @throws TypeError for anything else
 */
export function parseCidr(text: string): Cidr {
	const [address = "", bits, ...rest] = text.split("/");
	const ip = requireIp(address);
	const length = bits === undefined ? width(ip.af) : Number(bits);
	if (rest.length > 0 || bits === "" || !Number.isInteger(length) || length < 0 || length > width(ip.af)) {
		throw new TypeError(`not an address with a prefix: ${text}`);
	}
	return { af: ip.af, ip, prefix: { af: ip.af, base: cleared(ip, length), length } };
}

/** The same address in a block of another length. */
export function withLength({ ip }: Cidr, length: number): Cidr {
	return { af: ip.af, ip, prefix: { af: ip.af, base: cleared(ip, length), length } };
}

/** The block of a text. @throws TypeError if it is not one */
export const parsePrefix = (text: string): Prefix => parseCidr(text).prefix;

/** The block of all addresses of a family. */
export const everything = (af: Family): Prefix => ({ af, base: 0n, length: 0 });

/** Whether an address, or all of a block, lies in a block. */
export function contains(prefix: Prefix, inner: Ip | Prefix): boolean {
	if (prefix.af !== inner.af) return false;
	if ("text" in inner) return prefix.base === cleared(inner, prefix.length);
	return (
		inner.length >= prefix.length &&
		prefix.base === cleared({ af: inner.af, value: inner.base }, prefix.length)
	);
}

/** A block as text: "192.168.1.0/24". */
export const prefixText = ({ af, base, length }: Prefix): string => `${makeIp(af, base).text}/${length}`;

/** Whether an entry of a NIC means a whole block: more than two addresses, and its host bits are zero. */
export const isBlock = ({ ip, prefix }: Cidr): boolean =>
	prefix.length < width(ip.af) - 1 && ip.value === prefix.base;

/** Whether an address is link-local, of either family. */
export const isLinkLocal = ({ prefix }: Cidr): boolean => LINK_LOCAL.some((block) => contains(block, prefix));

/** Whether a provider refuses to route a block: private, shared or link-local. */
export const isBogon = ({ prefix }: Cidr): boolean => BOGONS.some((block) => contains(block, prefix));

function cleared({ af, value }: Pick<Ip, "af" | "value">, length: number): bigint {
	const free = BigInt(width(af) - length);
	return (value >> free) << free;
}

const LINK_LOCAL = ["169.254.0.0/16", "fe80::/10"].map(parsePrefix);

const BOGONS = [
	...LINK_LOCAL,
	...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"].map(parsePrefix),
];
