/** An address family, as Node numbers it: 4 for IPv4, 6 for IPv6. */
export type Family = 4 | 6;

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

/**
 * The family behind a number in a dictionary, ours or P2PD's. P2PD writes the operating system's own numbers:
 * AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 23 on Windows and 30 on macOS. Dictionary keys are the same
 * numbers as text.
 *
 * @returns 4, 6, or null for anything else
 */
export function familyFromP2pd(value: unknown): Family | null {
	const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
	return FAMILY_BY_NUMBER.get(text) ?? null;
}

const FAMILY_BY_NUMBER: ReadonlyMap<string, Family> = new Map([
	["4", IP4],
	["2", IP4],
	["6", IP6],
	["10", IP6],
	["23", IP6],
	["30", IP6],
]);
