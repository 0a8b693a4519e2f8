import type { Family } from "./types.js";

/** An address in the three forms that the network needs. */
export interface Ip {
	readonly af: Family;
	readonly value: bigint;
	/** Canonical: dotted quad, or RFC 5952. */
	readonly text: string;
}

/** Parsed texts are few and come again and again; the memory is emptied when a test makes very many. */
const known = new Map<string, Ip | null>();
const MAX_KNOWN = 20_000;

/** The address that a text without zone stands for, or null. */
export function parseIp(text: string): Ip | null {
	const seen = known.get(text);
	if (seen !== undefined) return seen;
	const value = text.includes(":") ? parseV6(text) : parseV4(text);
	const ip = value === null ? null : makeIp(text.includes(":") ? 6 : 4, value);
	if (known.size >= MAX_KNOWN) known.clear();
	known.set(text, ip);
	return ip;
}

/** @throws TypeError when the text is no address */
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
