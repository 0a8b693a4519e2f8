import { NatArgumentError } from "./errors.js";
import {
	DELTA_TYPES,
	type Delta,
	type DeltaType,
	EASY_NATS,
	isDeltaType,
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
	if (!isNatType(type)) throw new NatArgumentError("type", `no NAT type ${String(type)}: it is 1 to 7`);
	if (!isDeltaType(delta.type)) {
		throw new NatArgumentError("delta", `no delta type ${String(delta.type)}: it is 1 to 6`);
	}
	if (!Number.isInteger(delta.value)) {
		throw new NatArgumentError("delta", `a delta value is a whole number, not ${String(delta.value)}`);
	}
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

function isPair(range: NatPortRange | readonly [number, number]): range is readonly [number, number] {
	return Array.isArray(range);
}

/** Check a port range and give it back as a frozen copy, so that no two NATs share one. */
export function portRange(range: NatPortRange | readonly [number, number]): NatPortRange {
	const { start, end } = isPair(range) ? { start: range[0], end: range[1] } : range;
	const inside = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65535;
	if (!inside(start) || !inside(end) || start > end) {
		throw new NatArgumentError("range", `no port range: ${String(start)} to ${String(end)}`);
	}
	return Object.freeze({ start, end });
}
