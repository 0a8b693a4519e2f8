import { type Fields, is } from "@p2pd/net";
import { checkArgument, checkValue, isNatInfo, isRange } from "../check.js";
import { NatPredictionError } from "../errors.js";
import type { NatInfo, NatPortRange } from "../nat-info.js";
import {
	DEPENDENT_DELTA,
	EQUAL_DELTA,
	INDEPENDENT_DELTA,
	OPEN_NATS,
	PREDICTABLE_NATS,
	PRESERV_DELTA,
	RESTRICT_PORT_NAT,
} from "../nat-types.js";
import { STUN_PORT } from "./pair.js";

/** Ports to punch with: bind `local`, expect the peer to come from `reply` (0: any), be reachable at `remote`. */
export interface NatPunchMapping {
	/** The local port to bind, 1 to 65535. */
	readonly local: number;
	/** The port that the peer has to use, or 0 where any will do. */
	readonly reply: number;
	/** The mapped port that the peer is told to send to. */
	readonly remote: number;
}

/** A mapping that a STUN server has seen. */
export interface NatObservedMapping {
	readonly local: number;
	readonly remote: number;
}

/** Where the peer is: on the Internet, in the same LAN, or on this machine. */
export type NatPunchMode = "remote" | "lan" | "self";

/** What one predicted mapping follows from. */
export interface SingleMappingInput {
	readonly mode: NatPunchMode;
	/** The peer's mapping, or what is asked of it. */
	readonly peer: Pick<NatPunchMapping, "reply" | "remote">;
	/** The mapping observed last; the port rules count from it. */
	readonly last: NatObservedMapping;
	/** The mapping observed for this very use; what is left where no rule tells a port. */
	readonly preloaded: NatObservedMapping;
	/** The ports agreed on with the peer. */
	readonly range: NatPortRange;
	readonly nat: NatInfo;
	/** Random whole number from `min` to `max`, both included. */
	readonly pick: (min: number, max: number) => number;
}

/** On one machine both sides must differ: the peer's port, moved on by this much (P2PD's number). */
const SELF_OFFSET = 1000;
const SELF_RANGE: NatPortRange = { start: 2001, end: 65535 };
/** Where a free local port is looked for (P2PD's numbers). */
const FREE_PORTS: NatPortRange = { start: 2000, end: 65535 };

/** Ports may be 0 here: nothing is observed where no NAT is between the peers. */
const isObserved = is.shape(
	{ local: is.port, remote: is.port },
	{ required: ["local", "remote"], open: true },
);

const INPUT_FIELDS: Fields = {
	mode: is.oneOf("remote", "lan", "self"),
	peer: is.shape({ reply: is.port, remote: is.port }, { required: ["reply", "remote"], open: true }),
	last: isObserved,
	preloaded: isObserved,
	range: isRange,
	nat: isNatInfo,
	pick: is.function,
};

/**
 * The ports to use for one mapping (P2PD's `get_single_mapping`; the first rule that fits decides).
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) for a wrong argument
 * @throws NatPredictionError (`ERR_NAT_PREDICTION`; rules `no-remote-port`, `unpredictable`)
 */
export function singleMapping(input: SingleMappingInput): NatPunchMapping {
	checkArgument(input, "", INPUT_FIELDS, { required: Object.keys(INPUT_FIELDS) });
	const { mode, peer, last, preloaded, range, nat, pick } = input;
	if (mode === "self") {
		const port = fieldWrap(peer.remote + SELF_OFFSET, SELF_RANGE);
		return { local: port, reply: 0, remote: port };
	}
	const target = peer.reply || peer.remote;
	if (target === 0) throw new NatPredictionError("no-remote-port", "the peer's mapping has no port");
	if (mode === "lan" || OPEN_NATS.includes(nat.type)) return { local: target, reply: 0, remote: target };

	const reply = nat.type === RESTRICT_PORT_NAT ? target : 0;
	const inside = target >= nat.range.start && target <= nat.range.end;
	const remote = inside ? target : pick(range.start, range.end);
	switch (nat.delta.type) {
		case EQUAL_DELTA:
			return { local: remote, reply: 0, remote };
		case PRESERV_DELTA:
			// The distance has a sign: a target below the last mapped port needs a lower local port.
			return { local: portWrap(last.local + (remote - last.remote)), reply, remote };
		case INDEPENDENT_DELTA: {
			const next = fieldWrap(last.remote + nat.delta.value, nat.range);
			return { local: pick(FREE_PORTS.start, FREE_PORTS.end), reply, remote: next };
		}
		case DEPENDENT_DELTA: {
			const next = fieldWrap(last.remote + nat.delta.value, nat.range);
			return { local: portWrap(last.local + 1), reply, remote: next };
		}
		default:
			if (!PREDICTABLE_NATS.includes(nat.type)) {
				throw new NatPredictionError("unpredictable", "Can't predict this NAT type.");
			}
			return {
				local: preloaded.local,
				reply: nat.type === RESTRICT_PORT_NAT ? STUN_PORT : 0,
				remote: preloaded.remote,
			};
	}
}

const PORTS = 65535;
const isWhole = is.whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

/**
 * Bring a port number back into 1 to 65535, as a circle: after 65535 comes 1, before 1 comes 65535.
 * (P2PD's own `port_wrap` sends 65535 to 1.)
 */
export function portWrap(port: number): number {
	checkValue(port, "port", isWhole);
	const turned = (port - 1) % PORTS;
	return (turned < 0 ? turned + PORTS : turned) + 1;
}

/** Bring a port into a range as P2PD's `field_wrap` does: the remainder by `end + 1`, lifted by `start` if below it. */
export function fieldWrap(port: number, range: NatPortRange): number {
	checkValue(port, "port", isWhole);
	checkValue(range, "range", isRange);
	const size = range.end + 1;
	const rest = ((port % size) + size) % size;
	return rest < range.start ? rest + range.start : rest;
}

/** The distance from x to y, with sign. */
export function nDist(x: number, y: number): number {
	checkValue(x, "x", isWhole);
	checkValue(y, "y", isWhole);
	return y - x;
}

/** The shorter way between x and y on a circle of `modulus` ports; negative when x is the smaller. */
export function fieldDist(x: number, y: number, modulus = PORTS): number {
	checkValue(x, "x", isWhole);
	checkValue(y, "y", isWhole);
	checkValue(modulus, "modulus", isWhole);
	const straight = Math.abs(x - y);
	const distance = Math.min(straight, modulus - straight);
	return x < y ? -distance : distance;
}
