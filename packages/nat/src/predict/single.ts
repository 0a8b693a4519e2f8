import { DEPENDENT_DELTA, EQUAL_DELTA, INDEPENDENT_DELTA, PRESERV_DELTA } from "../delta-types.js";
import { NatPredictionError } from "../errors.js";
import type { NatInfo, PortRange } from "../nat-info.js";
import { OPEN_NATS, PREDICTABLE_NATS, RESTRICT_PORT_NAT } from "../nat-types.js";
import { STUN_PORT } from "./pair.js";
import { fieldWrap, portWrap } from "./port-math.js";

/** Ports to punch with: bind `local`, expect the peer to come from `reply` (0: any), be reachable at `remote`. */
export interface PunchMapping {
	/** The local port to bind, 1 to 65535. */
	readonly local: number;
	/** The port that the peer has to use, or 0 where any will do. */
	readonly reply: number;
	/** The mapped port that the peer is told to send to. */
	readonly remote: number;
}

/** A mapping that a STUN server has seen. */
export interface ObservedMapping {
	readonly local: number;
	readonly remote: number;
}

/** Where the peer is: on the Internet, in the same LAN, or on this machine. */
export type PunchMode = "remote" | "lan" | "self";

/** What one predicted mapping follows from. */
export interface SingleMappingInput {
	readonly mode: PunchMode;
	/** The peer's mapping, or what is asked of it. */
	readonly peer: Pick<PunchMapping, "reply" | "remote">;
	/** The mapping observed last; the port rules count from it. */
	readonly last: ObservedMapping;
	/** The mapping observed for this very use; what is left where no rule tells a port. */
	readonly preloaded: ObservedMapping;
	/** The ports agreed on with the peer. */
	readonly range: PortRange;
	readonly nat: NatInfo;
	/** Random whole number from `min` to `max`, both included. */
	readonly pick: (min: number, max: number) => number;
}

/** On one machine both sides must differ: the peer's port, moved on by this much (P2PD's number). */
const SELF_OFFSET = 1000;
const SELF_RANGE: PortRange = { start: 2001, end: 65535 };
/** Where a free local port is looked for (P2PD's numbers). */
const FREE_PORTS: PortRange = { start: 2000, end: 65535 };

/**
 * The ports to use for one mapping (P2PD's `get_single_mapping`; the first rule that fits decides).
 *
 * @throws NatPredictionError (`ERR_NAT_PREDICTION`; rules `no-remote-port`, `unpredictable`)
 */
export function singleMapping(input: SingleMappingInput): PunchMapping {
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
