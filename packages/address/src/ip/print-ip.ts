import ipaddr from "ipaddr.js";
import { IP4 } from "../family.js";
import type { Family } from "../types.js";

/**
 * The one text of an address: dotted quad, or RFC 5952 section 4. A v4-mapped address keeps its dotted quad
 * (section 5), as the sockets of Node print it.
 */
export function printIp(value: bigint, af: Family): string {
	if (af === IP4) return printV4(Number(value));
	if (value >> 32n === 0xffffn) return `::ffff:${printV4(Number(value & 0xffff_ffffn))}`;
	const parts = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
	return new ipaddr.IPv6(parts).toRFC5952String();
}

function printV4(value: number): string {
	return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
