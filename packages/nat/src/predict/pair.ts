import { is } from "@p2pd/net";
import { checkArgument, checkValue, isNatInfo, isRange } from "../check.js";
import { NatPredictionError } from "../errors.js";
import { type NatInfo, type NatPortRange, portRange } from "../nat-info.js";
import { RANDOM_DELTA, RESTRICT_PORT_NAT } from "../nat-types.js";

/** The port of STUN (RFC 8489 section 18.6), which a strict NAT with random ports has already let through. */
export const STUN_PORT = 3478;
/** Ports up to this one belong to the system: a plain program cannot bind them. */
const SYSTEM_PORTS_END = 1024;
/** Where a range that reaches into the system's ports begins instead (P2PD's number). */
const FIRST_PLAIN_PORT = 2000;

/**
 * The ports that both NATs give out, if they share at least `width`, else ours; never the system's ports.
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) for a wrong argument
 * @throws NatPredictionError (`ERR_NAT_PREDICTION`, rule `empty-range`) if only system ports are left
 */
export function natsIntersect(
	our: Pick<NatInfo, "range">,
	their: Pick<NatInfo, "range">,
	width: number,
): NatPortRange {
	for (const [name, nat] of Object.entries({ our, their })) {
		checkArgument(nat, name, { range: isRange }, { required: ["range"], open: true });
	}
	checkValue(width, "width", is.whole(0, 65_535));
	const start = Math.max(our.range.start, their.range.start);
	const end = Math.min(our.range.end, their.range.end);
	const shared = end - start >= width ? { start, end } : our.range;
	if (shared.start > SYSTEM_PORTS_END) return portRange(shared);
	if (shared.end < FIRST_PLAIN_PORT) {
		throw new NatPredictionError("empty-range", `no usable port in ${shared.start} to ${shared.end}`);
	}
	return portRange({ start: FIRST_PLAIN_PORT, end: shared.end });
}

/**
 * Can two NATs be punched with predicted ports, and does the peer then have to use the STUN port?
 *
 * A NAT of type 5 needs to know the peer's port beforehand. If its own ports are random too, its only known
 * mapping is the one towards a STUN server, so the peer must appear from port 3478 for it.
 *
 * @returns 1 if the STUN port has to be used, else 0
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) for a wrong argument
 * @throws NatPredictionError (`ERR_NAT_PREDICTION`; rules `double-strict`, `partner-hard`, `stun-port-out-of-range`)
 */
export function natsCanPredict(our: NatInfo, their: NatInfo): 0 | 1 {
	for (const [name, nat] of Object.entries({ our, their })) checkValue(nat, name, isNatInfo);
	const strict = (nat: NatInfo): boolean => nat.type === RESTRICT_PORT_NAT;
	const random = (nat: NatInfo): boolean => nat.delta.type === RANDOM_DELTA;
	if (strict(our) && strict(their) && (random(our) || random(their))) {
		throw new NatPredictionError("double-strict", "two strict port NATs need non-random deltas");
	}
	let useStunPort: 0 | 1 = 0;
	for (const [nat, partner] of [
		[our, their],
		[their, our],
	] as const) {
		if (!strict(nat) || !random(nat)) continue;
		if (partner.isHard) {
			throw new NatPredictionError(
				"partner-hard",
				"a strict port NAT with random ports needs a partner that can choose its port",
			);
		}
		if (STUN_PORT < partner.range.start || STUN_PORT > partner.range.end) {
			throw new NatPredictionError(
				"stun-port-out-of-range",
				`port ${STUN_PORT} is outside the partner's ${partner.range.start} to ${partner.range.end}`,
			);
		}
		useStunPort = 1;
	}
	return useStunPort;
}
