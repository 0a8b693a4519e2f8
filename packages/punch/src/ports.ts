import { SCAN_FROM, SCAN_TO } from "./defaults.js";
import type { NatKind } from "./kind.js";

/** A mapping that STUN has seen: the local port, and the external port that the NAT gave it. */
export interface SeenMapping {
	readonly local: number;
	readonly external: number;
}

/**
 * The external ports of sockets that have sent nothing yet, by the port rule of their NAT: of one socket on each of
 * `locals`, used for the first time in this order right after the mapping that was seen. Then, where the NAT counts,
 * of further mappings up to `count`.
 *
 * @returns at least as many ports as locals for deltas 2 to 5; none for a NAT without rule
 */
export function predictPorts(
	{ delta, step }: Pick<NatKind, "delta" | "step">,
	seen: SeenMapping,
	locals: readonly number[],
	count: number,
): readonly number[] {
	switch (delta) {
		case 2:
			return locals;
		case 3:
			return locals.map((local) => inRange(seen.external + (local - seen.local)));
		case 4:
		case 5:
			return Array.from({ length: Math.max(count, locals.length) }, (_, i) =>
				inRange(seen.external + step * (i + 1)),
			);
		default:
			return [];
	}
}

/** A port of the range that NATs give out, which follows on itself. */
function inRange(port: number): number {
	const width = SCAN_TO - SCAN_FROM + 1;
	const offset = (port - SCAN_FROM) % width;
	return SCAN_FROM + (offset < 0 ? offset + width : offset);
}
