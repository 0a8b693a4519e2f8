/** P2PD's number for a NAT's behaviour. The numbers are the ones that P2PD puts on the wire and in its dictionaries. */
export type NatType = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** No NAT and nothing filtered: mapped address and port are the local ones. */
export const OPEN_INTERNET = 1;
/** No NAT, but replies from addresses that were not contacted are filtered. */
export const SYMMETRIC_UDP_FIREWALL = 2;
/** Endpoint-independent mapping and filtering. */
export const FULL_CONE = 3;
/** Endpoint-independent mapping, address-dependent filtering. */
export const RESTRICT_NAT = 4;
/** Endpoint-independent mapping, address-and-port-dependent filtering. */
export const RESTRICT_PORT_NAT = 5;
/** The mapping varies with the destination, whatever the filtering. */
export const SYMMETRIC_NAT = 6;
/** Proven silence: no server could be reached over UDP. */
export const BLOCKED_NAT = 7;

/** P2PD's names, numbers and exact texts of the NAT types, by number. */
export const NAT_TYPES = {
	1: { name: "OPEN_INTERNET", info: "open internet (no NAT)", short: "open internet" },
	2: { name: "SYMMETRIC_UDP_FIREWALL", info: "possible firewall (no NAT)", short: "udp firewall" },
	3: { name: "FULL_CONE", info: "full cone", short: "full cone" },
	4: { name: "RESTRICT_NAT", info: "restrict reuse", short: "restrict" },
	5: { name: "RESTRICT_PORT_NAT", info: "restrict port", short: "restrict port" },
	// The spelling is P2PD's: programs that read its dictionaries compare this text.
	6: { name: "SYMMETRIC_NAT", info: "symetric", short: "symmetric" },
	7: { name: "BLOCKED_NAT", info: "unknown (all responses blocked)", short: "blocked" },
} as const satisfies Record<NatType, { name: string; info: string; short: string }>;

/** The correctly spelt text of type 6, accepted wherever P2PD's `symetric` is. */
export const SYMMETRIC_INFO_ALIAS = "symmetric";

/** Types that need no prediction: anybody may answer on the mapped port. */
export const EASY_NATS: readonly NatType[] = [OPEN_INTERNET, FULL_CONE];
/** Types whose mapped port can be told beforehand. */
export const PREDICTABLE_NATS: readonly NatType[] = [
	OPEN_INTERNET,
	FULL_CONE,
	RESTRICT_NAT,
	RESTRICT_PORT_NAT,
];
/** Types that need the peer to answer from one exact port. */
export const FUSSY_NATS: readonly NatType[] = [RESTRICT_PORT_NAT];
/** Types with which nothing can be done over UDP. */
export const BLOCKING_NATS: readonly NatType[] = [BLOCKED_NAT];
/** Types without address translation. */
export const OPEN_NATS: readonly NatType[] = [OPEN_INTERNET, SYMMETRIC_UDP_FIREWALL];

/** Is this one of P2PD's NAT type numbers? */
export function isNatType(value: unknown): value is NatType {
	return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 7;
}

/**
 * The NAT type of a `nat_info` text: P2PD's exact text, its short text, or the corrected spelling.
 *
 * @returns the number, or null for a text that names no type
 */
export function natTypeFromText(text: string): NatType | null {
	if (typeof text !== "string") return null;
	const wanted = text.trim().toLowerCase();
	if (wanted === SYMMETRIC_INFO_ALIAS) return SYMMETRIC_NAT;
	for (const [number, { info, short }] of Object.entries(NAT_TYPES)) {
		const type = Number(number);
		if ((wanted === info.toLowerCase() || wanted === short) && isNatType(type)) return type;
	}
	return null;
}

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
