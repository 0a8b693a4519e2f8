/** A walk through a sequence: from `from`, by `step`, up to and without `to`. */
export interface Walk {
	readonly from: bigint;
	readonly to: bigint;
	readonly step: bigint;
}

/**
 * The bounds of the language's own slice, for a sequence of any length and with a step: negative ones count
 * from the end, those outside are moved to the edge, and a negative step walks backwards from the last one.
 * @throws RangeError for a step of 0 or a number that is no integer.
 */
export function sliceBounds(
	length: bigint,
	start: number | bigint | undefined,
	end: number | bigint | undefined,
	step: number | bigint,
): Walk {
	const by = BigInt(step);
	if (by === 0n) throw new RangeError("a step is not 0");
	const [low, high] = by > 0n ? [0n, length] : [-1n, length - 1n];
	const bound = (value: number | bigint): bigint => {
		const index = BigInt(value);
		return clamp(index < 0n ? index + length : index, low, high);
	};
	const from = start === undefined ? (by > 0n ? low : high) : bound(start);
	const to = end === undefined ? (by > 0n ? high : low) : bound(end);
	return { from, to, step: by };
}

function clamp(value: bigint, low: bigint, high: bigint): bigint {
	if (value < low) return low;
	return value > high ? high : value;
}
