import { is } from "@p2pd/net";
import { checkValue, isDelta, isRange } from "./check.js";
import {
	DELTA_TYPES,
	type Delta,
	type DeltaType,
	EASY_NATS,
	isNatType,
	NAT_TYPES,
	type NatType,
	OPEN_NATS,
	PREDICTABLE_NATS,
} from "./nat-types.js";

/** First and last port of a range, both included, 1 to 65535. */
export interface NatPortRange {
	readonly start: number;
	readonly end: number;
}

/** What P2PD knows of a NAT, as its dictionaries have it, with what follows for hole punching. */
export interface NatInfo {
	readonly type: NatType;
	/** P2PD's exact text for the type. */
	readonly nat_info: string;
	readonly delta: Delta;
	/** P2PD's exact text for the delta type. */
	readonly delta_info: string;
	/** The ports that the NAT gives out. */
	readonly range: NatPortRange;
	/** No address translation (types 1 and 2). */
	readonly isOpen: boolean;
	/** The mapped port can be told beforehand from the type alone (types 1, 3, 4, 5). */
	readonly canPredict: boolean;
	/** Neither the type nor the port rule makes punching easy. */
	readonly isHard: boolean;
	/** Several mappings may be predicted at once: the port rule does not count mappings. */
	readonly isConcurrent: boolean;
}

/** What is assumed of a NAT that was never looked at: address-and-port filtering and random ports. */
export const ASSUMED_NAT = { type: 5, delta: { type: 6, value: 0 } } as const satisfies {
	type: NatType;
	delta: Delta;
};

const ALL_PORTS: NatPortRange = { start: 1, end: 65535 };
const EASY_DELTAS: readonly DeltaType[] = [2, 3];
const COUNTING_DELTAS: readonly DeltaType[] = [4, 5];

/**
 * Describe a NAT in P2PD's terms (P2PD's `nat_info`).
 *
 * @param type - P2PD's NAT type number
 * @param delta - P2PD's delta type number and step
 * @param range - the ports that the NAT gives out, both ends included
 * @returns a frozen description; it shares nothing with the arguments
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) for a number or range that does not exist
 */
export function natInfo(
	type: NatType = ASSUMED_NAT.type,
	delta: Delta = ASSUMED_NAT.delta,
	range: NatPortRange | readonly [number, number] = ALL_PORTS,
): NatInfo {
	checkValue(type, "type", is.a("a NAT type, 1 to 7", isNatType));
	checkValue(delta, "delta", isDelta);
	const ports = portRange(range);
	const easy = EASY_NATS.includes(type);
	return Object.freeze({
		type,
		nat_info: NAT_TYPES[type].info,
		delta: Object.freeze({ type: delta.type, value: delta.value }),
		delta_info: DELTA_TYPES[delta.type].info,
		range: ports,
		isOpen: OPEN_NATS.includes(type),
		canPredict: PREDICTABLE_NATS.includes(type),
		isHard: !easy && !EASY_DELTAS.includes(delta.type),
		isConcurrent: easy || !COUNTING_DELTAS.includes(delta.type),
	});
}

/** Checks a port range, and returns a frozen copy, so that no two NATs share one. */
export function portRange(range: NatPortRange | readonly [number, number]): NatPortRange {
	const ports = Array.isArray(range) ? { start: range[0], end: range[1] } : range;
	checkValue(ports, "range", isRange);
	const { start, end } = ports as NatPortRange;
	return Object.freeze({ start, end });
}
