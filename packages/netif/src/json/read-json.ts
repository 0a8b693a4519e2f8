import { InvalidJsonError } from "../errors.js";

/** A dictionary whose values are not known yet. */
export type Dictionary = Readonly<Record<string, unknown>>;

/** @throws InvalidJsonError (ERR_NETIF_INVALID_JSON) with the path */
export function asDictionary(value: unknown, path: string): Dictionary {
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new InvalidJsonError(path, "a dictionary");
	}
	return value as Dictionary;
}

/** @throws InvalidJsonError (ERR_NETIF_INVALID_JSON) with the path */
export function asText(value: unknown, path: string): string {
	if (typeof value !== "string") throw new InvalidJsonError(path, "a text");
	return value;
}

/** @throws InvalidJsonError (ERR_NETIF_INVALID_JSON) with the path */
export function asWhole(value: unknown, path: string): number {
	if (typeof value !== "number" || !Number.isInteger(value))
		throw new InvalidJsonError(path, "a whole number");
	return value;
}

/**
 * The values of a dictionary by family. Its keys are ours (4, 6) or those of P2PD, which has the numbers of the OS
 * that wrote it: 2 for IPv4; 10 (Linux), 23 (Windows) or 30 (macOS) for IPv6.
 *
 * @throws InvalidJsonError (ERR_NETIF_INVALID_JSON) for another key, or for two of one family
 */
export function byFamily(value: unknown, path: string): { readonly 4: unknown; readonly 6: unknown } {
	const found: { 4: unknown; 6: unknown } = { 4: undefined, 6: undefined };
	for (const [key, each] of Object.entries(asDictionary(value, path))) {
		const af = FAMILY_OF_KEY[key];
		if (af === undefined)
			throw new InvalidJsonError(`${path}.${key}`, "an address family: 4, 6, 2, 10, 23 or 30");
		if (found[af] !== undefined) throw new InvalidJsonError(`${path}.${key}`, `IPv${af} once`);
		found[af] = each;
	}
	return found;
}

const FAMILY_OF_KEY: Readonly<Record<string, 4 | 6>> = { "4": 4, "2": 4, "6": 6, "10": 6, "23": 6, "30": 6 };
