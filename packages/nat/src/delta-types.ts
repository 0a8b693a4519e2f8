/** P2PD's number for the way a NAT picks the port of a new mapping. */
export type DeltaType = 1 | 2 | 3 | 4 | 5 | 6;

/** How a NAT picks ports: P2PD's number, and the step where the type has one. */
export interface Delta {
	readonly type: DeltaType;
	/** The step n of types 4 and 5 (negative where ports count down); 0 for the others. */
	readonly value: number;
}

/** There is no NAT, so nothing is picked. */
export const NA_DELTA = 1;
/** The mapped port is the local port. */
export const EQUAL_DELTA = 2;
/** Distances between mapped ports are those between local ports. */
export const PRESERV_DELTA = 3;
/** Every new mapping takes the last mapped port + n, whatever the local port. */
export const INDEPENDENT_DELTA = 4;
/** The last mapped port + n, but only if the local port is one above the last one. */
export const DEPENDENT_DELTA = 5;
/** No rule that the local port or the last mapping would tell. */
export const RANDOM_DELTA = 6;

/** P2PD's names, numbers and exact texts of the delta types, by number. */
export const DELTA_TYPES = {
	1: { name: "NA_DELTA", info: "not applicable", short: "not applicable" },
	2: { name: "EQUAL_DELTA", info: "equal delta (local port == mapped port)", short: "equal" },
	3: {
		name: "PRESERV_DELTA",
		info: "preserving delta ((local port + dist) == (mapped_start + dist))",
		short: "preserving",
	},
	4: {
		name: "INDEPENDENT_DELTA",
		info: "independent delta (rand port == (last_mapped += delta))",
		short: "independent",
	},
	5: {
		name: "DEPENDENT_DELTA",
		info: "dependent delta ((local port += [1 to delta]) == (last_mapped += [1 to delta]))",
		short: "dependent",
	},
	6: { name: "RANDOM_DELTA", info: "random delta (local port == rand port)", short: "random" },
} as const satisfies Record<DeltaType, { name: string; info: string; short: string }>;

/** Types whose next port follows from something known. */
export const DELTA_N: readonly DeltaType[] = [EQUAL_DELTA, PRESERV_DELTA, INDEPENDENT_DELTA, DEPENDENT_DELTA];

/** Is this one of P2PD's delta type numbers? */
export function isDeltaType(value: unknown): value is DeltaType {
	return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 6;
}
