import { is } from "@p2pd/net";
import { checkArgument, checkValue, isNatInfo, isRange } from "../check.js";
import { NatPredictionError } from "../errors.js";
import { type NatInfo, type NatPortRange, natInfo } from "../nat-info.js";
import { natsCanPredict, natsIntersect, STUN_PORT } from "./pair.js";
import { type NatObservedMapping, type NatPunchMapping, type NatPunchMode, singleMapping } from "./single.js";

/** What {@link predictMappings} needs to know. */
export interface NatPredictOptions {
	readonly our: NatInfo;
	readonly their: NatInfo;
	/** Where the peer is. @default "remote" */
	readonly mode?: NatPunchMode;
	/** The peer's mappings, 16 at most, where it has sent them already; otherwise templates are made. */
	readonly peer?: readonly NatPunchMapping[];
	/** How many mappings to make where the peer's are not known, 1 to 16. @default 2 */
	readonly count?: number;
}

/** What {@link predictMappings} works with. */
export interface NatPredictDeps {
	/** Ask a STUN server from the local port given: which mapped port does it see? Null if it did not answer. */
	readonly observe: (localPort: number) => Promise<NatObservedMapping | null>;
	/** Random whole number from `min` to `max`, both included. */
	readonly pick: (min: number, max: number) => number;
}

/** The plan of one side. */
export interface NatPrediction {
	/** One mapping for each of `peer`. */
	readonly mappings: readonly NatPunchMapping[];
	/** What was asked of the peer, or its own mappings. */
	readonly peer: readonly NatPunchMapping[];
	/** What was observed beforehand, one for each mapping. */
	readonly observed: readonly NatObservedMapping[];
	/** The ports that both NATs give out. */
	readonly range: NatPortRange;
	/** 1 if the peer has to come from the STUN port. */
	readonly useStunPort: 0 | 1;
}

/** P2PD's `USE_MAP_NO`: two mappings, so that one collision does not lose the punch. */
const DEFAULT_COUNT = 2;
/** High ports to observe from (P2PD's numbers): above the ports that services use, with room to count up. */
const OBSERVE_FROM: NatPortRange = { start: 2000, end: 64534 };
/** A local port may be taken or a datagram lost: so many tries for one mapping (P2PD's number). */
const OBSERVE_TRIES = 5;

/**
 * The most mappings of one side. A peer lists its own, and each of them costs this side a socket and an observation.
 * P2PD uses 2.
 */
const MAX_MAPPINGS = 16;

const isMode = is.oneOf("remote", "lan", "self");
const isMapping = is.shape(
	{ local: is.port, reply: is.port, remote: is.port },
	{ required: ["local", "reply", "remote"], open: true },
);
const isObserved = is.shape(
	{ local: is.remotePort, remote: is.remotePort },
	{ required: ["local", "remote"], open: true },
);

const OPEN = natInfo(1, { type: 1, value: 0 });

/**
 * What to ask of a peer whose mappings are not known: one mapping on the STUN port if that is needed, otherwise
 * `count` random ports of the shared range.
 */
export function templateMappings(
	useStunPort: 0 | 1,
	range: NatPortRange,
	count: number,
	pick: (min: number, max: number) => number,
): readonly NatPunchMapping[] {
	checkValue(range, "range", isRange);
	checkValue(count, "count", is.whole(1, MAX_MAPPINGS));
	checkValue(pick, "pick", is.function);
	if (useStunPort === 1) return [{ local: 0, reply: 0, remote: STUN_PORT }];
	return Array.from({ length: count }, () => ({ local: 0, reply: 0, remote: pick(range.start, range.end) }));
}

/**
 * Predict the ports with which this side punches (P2PD's full prediction): one mapping is observed for each that is
 * needed, then each is predicted from what was observed. In the modes `lan` and `self` no NAT is between the peers.
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) for a wrong argument: a peer's mappings are arguments too
 * @throws NatPredictionError (`ERR_NAT_PREDICTION`), also with rule `no-observation` if no server answered
 */
export async function predictMappings(
	options: NatPredictOptions,
	deps: NatPredictDeps,
): Promise<NatPrediction> {
	checkArgument(
		options,
		"",
		{
			our: isNatInfo,
			their: isNatInfo,
			mode: isMode,
			peer: is.listOf(isMapping, { max: MAX_MAPPINGS }),
			count: is.whole(1, MAX_MAPPINGS),
		},
		{ required: ["our", "their"] },
	);
	checkArgument(
		deps,
		"deps",
		{ observe: is.function, pick: is.function },
		{ required: ["observe", "pick"], open: true },
	);
	const { mode = "remote", count = DEFAULT_COUNT } = options;
	const direct = mode !== "remote";
	const our = direct ? OPEN : options.our;
	const their = direct ? OPEN : options.their;
	const useStunPort = natsCanPredict(our, their);
	const range = natsIntersect(our, their, count);
	const peer =
		options.peer !== undefined && options.peer.length > 0
			? options.peer.map(({ local, reply, remote }) => ({ local, reply, remote }))
			: templateMappings(useStunPort, range, count, deps.pick);
	const observed: NatObservedMapping[] = [];
	// One after the other: each new mapping moves the NAT's counter, and the last one is what the next counts from.
	for (let made = 0; made < peer.length; made++) {
		observed.push(direct ? { local: 0, remote: 0 } : await observeOne(deps));
	}
	const mappings: NatPunchMapping[] = [];
	let last = observed[observed.length - 1];
	for (const [index, theirs] of peer.entries()) {
		const preloaded = observed[index];
		if (last === undefined || preloaded === undefined) break;
		const mapping = singleMapping({ mode, peer: theirs, last, preloaded, range, nat: our, pick: deps.pick });
		mappings.push(mapping);
		// The mapping predicted will be the NAT's last one by the time that the next is made.
		last = { local: mapping.local, remote: mapping.remote };
	}
	return { mappings, peer, observed, range, useStunPort };
}

/**
 * Fit our mappings to what the peer has answered: where it needs an exact port of us, and our NAT lets us choose
 * one (deltas 1 to 3), the mapping is predicted anew for that port.
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) for a wrong argument: a peer's replies are arguments too
 */
export function updateMappings(
	plan: NatPrediction,
	replies: readonly NatPunchMapping[],
	options: Pick<NatPredictOptions, "our" | "mode">,
	deps: Pick<NatPredictDeps, "pick">,
): readonly NatPunchMapping[] {
	checkValue(replies, "replies", is.listOf(isMapping, { max: MAX_MAPPINGS }));
	checkArgument(options, "", { our: isNatInfo, mode: isMode }, { required: ["our"], open: true });
	checkArgument(deps, "deps", { pick: is.function }, { required: ["pick"], open: true });
	checkArgument(
		plan,
		"plan",
		{
			mappings: is.listOf(isMapping, { max: MAX_MAPPINGS }),
			observed: is.listOf(is.object, { max: MAX_MAPPINGS }),
			range: isRange,
		},
		{ required: ["mappings", "observed", "range"], open: true },
	);
	const mode = options.mode ?? "remote";
	const counting = options.our.delta.type >= 4;
	return plan.mappings.map((mapping, index) => {
		const theirs = replies[index];
		const preloaded = plan.observed[index];
		const last = plan.observed[plan.observed.length - 1];
		if (theirs === undefined || preloaded === undefined || last === undefined) return mapping;
		if (theirs.reply === 0 || mode === "self" || counting) return mapping;
		const { range } = plan;
		const fresh = singleMapping({
			mode,
			peer: theirs,
			last,
			preloaded,
			range,
			nat: options.our,
			pick: deps.pick,
		});
		return { local: fresh.local, reply: mapping.reply, remote: theirs.reply };
	});
}

async function observeOne(deps: NatPredictDeps): Promise<NatObservedMapping> {
	for (let attempt = 0; attempt < OBSERVE_TRIES; attempt++) {
		const seen = await deps.observe(deps.pick(OBSERVE_FROM.start, OBSERVE_FROM.end));
		// What a server reports may be anything.
		if (seen !== null && isObserved(seen, "") === null) return seen;
	}
	throw new NatPredictionError("no-observation", `no mapping could be observed in ${OBSERVE_TRIES} tries`);
}
