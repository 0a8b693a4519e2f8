import type { Family } from "./types.js";

/** IPv4, as Node numbers it. */
export const IP4 = 4 satisfies Family;
/** IPv6, as Node numbers it. */
export const IP6 = 6 satisfies Family;
/** Both families, IPv4 first. */
export const FAMILIES: readonly Family[] = [IP4, IP6];

/** Bits in an address of the family: 32 or 128. */
export function bitsOf(af: Family): 32 | 128 {
	return af === IP4 ? 32 : 128;
}

/** Whether a value is one of the two families. */
export function isFamily(value: unknown): value is Family {
	return value === IP4 || value === IP6;
}
