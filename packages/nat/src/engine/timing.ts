import {
	INITIAL_RTO,
	INITIAL_SPACING,
	RTO_CEILING,
	RTO_FACTOR,
	RTO_FLOOR,
	RTO_MARGIN,
	SPACING_CEILING,
	SPACING_DIVISOR,
	SPACING_FLOOR,
	TAIL_MARGIN,
} from "../defaults.js";

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** How long to wait after send number `sends` (from 1) before the next, ms; `rtt` null: not known yet. */
export function waitAfter(sends: number, rtt: number | null): number {
	if (rtt === null) return sends === 1 ? INITIAL_RTO : INITIAL_SPACING;
	if (sends === 1) return clamp(rtt * RTO_FACTOR + RTO_MARGIN, RTO_FLOOR, RTO_CEILING);
	return clamp(rtt / SPACING_DIVISOR, SPACING_FLOOR, SPACING_CEILING);
}

/** How long after the last send an answer is still expected, ms. */
export function tailAfter(rtt: number | null): number {
	return rtt === null ? Number.POSITIVE_INFINITY : rtt * RTO_FACTOR + TAIL_MARGIN;
}
