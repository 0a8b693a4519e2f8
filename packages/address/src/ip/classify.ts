import { bitsOf, type Family, IP4, IP6 } from "@p2pd/net";
import type { IpClass } from "../types.js";
import { SPECIAL_V4, SPECIAL_V6, type SpecialBlock } from "./special-purpose.js";
import { readIp } from "./text.js";

/** A block as numbers: its addresses are those whose value, shifted right, is `prefix`. */
interface Block {
	readonly shift: bigint;
	readonly prefix: bigint;
	readonly first: bigint;
	readonly last: bigint;
	readonly ipClass: IpClass;
}

const tables = { 4: compile(SPECIAL_V4, IP4), 6: compile(SPECIAL_V6, IP6) } as const;

/** The blocks of a table, the smallest first: the first that contains an address decides. */
function compile(blocks: readonly SpecialBlock[], af: Family): readonly Block[] {
	return blocks
		.map(({ cidr, ipClass }): Block => {
			const slash = cidr.indexOf("/");
			const reading = readIp(cidr.slice(0, slash));
			if (!reading.ok) throw new Error(`invalid block in the table: ${cidr}`);
			const shift = BigInt(bitsOf(af) - Number(cidr.slice(slash + 1)));
			const prefix = reading.value >> shift;
			return { shift, prefix, first: reading.value, last: ((prefix + 1n) << shift) - 1n, ipClass };
		})
		.sort((a, b) => Number(a.shift - b.shift));
}

/** The IPv4 value inside a v4-mapped IPv6 value (::ffff:0:0/96), or undefined if it is not one. */
export function unmap(value: bigint, af: Family): bigint | undefined {
	return af === IP6 && value >> 32n === 0xffffn ? value & 0xffff_ffffn : undefined;
}

/** The class of an address by its value. A v4-mapped address has the class of the IPv4 address inside. */
export function classifyValue(value: bigint, af: Family): IpClass {
	const mapped = unmap(value, af);
	if (mapped !== undefined) return classifyValue(mapped, IP4);
	for (const block of tables[af]) {
		if (value >> block.shift === block.prefix) return block.ipClass;
	}
	return "public";
}

/**
 * The class that all addresses from `first` to `last` have, or "mixed". The two must be the ends of a CIDR block: it
 * can contain blocks of the table or lie in one, but never overlaps one in part.
 */
export function classifyBlock(first: bigint, last: bigint, af: Family): IpClass | "mixed" {
	const mapped = unmap(first, af);
	const mappedLast = unmap(last, af);
	if (mapped !== undefined && mappedLast !== undefined) return classifyBlock(mapped, mappedLast, IP4);
	const ipClass = classifyValue(last, af);
	if (classifyValue(first, af) !== ipClass) return "mixed";
	const inside = tables[af].filter((block) => block.first >= first && block.last <= last);
	return inside.every((block) => block.ipClass === ipClass) ? ipClass : "mixed";
}

/** The class of an address text. Undefined for anything else. */
export function classifyIp(text: string): IpClass | undefined {
	if (typeof text !== "string") return undefined;
	const reading = readIp(text);
	return reading.ok ? classifyValue(reading.value, reading.af) : undefined;
}

/** Whether a text is a globally routable unicast address. False for anything else. */
export function isPublicIp(text: string): boolean {
	return classifyIp(text) === "public";
}
