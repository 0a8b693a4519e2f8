import { AddressValueError } from "../errors.js";

/**
 * Where a slice of `size` hosts starts and which host it stops before, with bounds that are negative counted
 * from the end and bounds outside moved to the edge. For a backward step the edges are the last host and
 * one before host 0.
 */
export function sliceBounds(
	size: bigint,
	start: bigint | undefined,
	end: bigint | undefined,
	step: bigint,
): { from: bigint; to: bigint } {
	const [low, high] = step > 0n ? [0n, size] : [-1n, size - 1n];
	const place = (bound: bigint | undefined, otherwise: bigint): bigint => {
		if (bound === undefined) return otherwise;
		const at = bound < 0n ? bound + size : bound;
		return at < low ? low : at > high ? high : at;
	};
	return step > 0n
		? { from: place(start, low), to: place(end, high) }
		: { from: place(start, high), to: place(end, low) };
}

/** An index as a bigint. Throws AddressValueError for a number that is no safe integer. */
export function toIndex(index: number | bigint): bigint {
	if (typeof index === "bigint") return index;
	if (!Number.isSafeInteger(index))
		throw new AddressValueError(String(index), "an index is a safe integer or a bigint");
	return BigInt(index);
}

/** As {@link toIndex}, and nothing for nothing. */
export function maybeIndex(index: number | bigint | undefined): bigint | undefined {
	return index === undefined ? undefined : toIndex(index);
}
