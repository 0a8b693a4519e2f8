import type { NatDelta, NatTrainSample } from "../types.js";

/** What the port train shows. */
export interface DeltaJudgement extends NatDelta {
	/** More answers could not change it. */
	readonly conclusive: boolean;
	readonly reason: string;
}

/** Steps beyond this are not believed to be a counter's: what is seen in NATs is 1 to a few dozen. */
const MAX_STEP = 512;
/** The part of all samples or pairs that has to fit: other traffic, wrap-around and collisions spoil some. */
const FIT = 0.6;
/** Too few to tell anything. */
const MIN_SAMPLES = 4;
/** Kept distances of local ports that stand apart: two are chance once in 64512^2 / 28 trains. */
const MIN_KEPT = 2;
/** Pairs that have to be testable before their not fitting means anything. */
const MIN_PAIRS = 3;

interface Answered extends NatTrainSample {
	readonly mapped: number;
}

interface Pair {
	readonly dLocal: number;
	readonly dMapped: number;
	/** How many turns of the train lie between: 1 for neighbours. */
	readonly turns: number;
}

const hasMapped = (sample: NatTrainSample): sample is Answered => sample.mapped !== null;

/**
 * How a NAT picks ports, from a train of new mappings made in a known order (pure).
 *
 * Equal and preserving ports show in any order; a counter shows in samples whose first send was answered, where a
 * lost one is a gap of at most that many turns. The numbers of pairs that have to fit follow from the range of ports
 * that was seen: see `error-rates.ts`.
 */
export function judgeDelta(samples: readonly NatTrainSample[]): DeltaJudgement {
	const answered = samples.filter(hasMapped);
	const complete = answered.length === samples.length;
	if (answered.length < MIN_SAMPLES) {
		return unknown(`only ${answered.length} of ${samples.length} new mappings were seen`);
	}
	const span = spanOf(answered);
	const equal = answered.filter(({ local, mapped }) => local === mapped).length;
	if (fits(equal, answered.length, span)) {
		return {
			type: 2,
			value: 0,
			conclusive: true,
			reason: `${equal} of ${answered.length} mapped ports are the local ones`,
		};
	}
	const pairs = pairsOf(answered);
	// Consecutive local ports keep their distance in a dependent NAT too; what stands apart tells.
	const steady = pairs.filter(({ dLocal }) => dLocal !== 1);
	const isKept = ({ dLocal, dMapped }: Pair): boolean => dLocal === dMapped;
	const kept = steady.filter(isKept).length;
	const keptOfAll = pairs.filter(isKept).length;
	if (fits(keptOfAll, pairs.length, span) && kept >= MIN_KEPT && kept >= steady.length * FIT) {
		return {
			type: 3,
			value: 0,
			conclusive: true,
			reason: `${keptOfAll} of ${pairs.length} distances are kept`,
		};
	}
	const ordered = answered.filter(({ inOrder }) => inOrder);
	const counter = findCounter(ordered, span);
	if (counter !== null) return counter;
	const testable = {
		apart: pairsOf(ordered.filter(({ part }) => part === 1)).length,
		neighbours: neighboursOf(ordered).length,
	};
	// Preserving ports and a dependent counter look alike where local ports are consecutive: part 1 tells.
	if (steady.length < MIN_PAIRS || kept * 2 >= steady.length) {
		return unknown(`too few new mappings of local ports that stand apart: ${steady.length} pairs`);
	}
	const dependent = findDependent(ordered, span) ?? findDependent(answered, span);
	if (dependent !== null) {
		const apart = pairsOf(ordered.filter(({ part }) => part === 1));
		const otherwise = apart.filter((pair) => !counts(pair, dependent.value)).length;
		// A counter of every mapping shows the same in part 2.
		return otherwise >= MIN_KEPT
			? dependent
			: unknown("too few new mappings of local ports that stand apart");
	}
	if (testable.apart < MIN_PAIRS || testable.neighbours < MIN_PAIRS) {
		return unknown(`too few mappings in order: ${testable.apart} and ${testable.neighbours} pairs`);
	}
	return {
		type: 6,
		value: 0,
		conclusive: complete || (testable.apart > MIN_PAIRS && testable.neighbours > MIN_PAIRS),
		reason: `no rule in ${answered.length} new mappings`,
	};
}

const unknown = (reason: string): DeltaJudgement => ({
	type: "unknown",
	value: 0,
	conclusive: false,
	reason,
});

function fits(count: number, of: number, span: number): boolean {
	return count >= threshold(of, span) && count >= of * FIT;
}

const spanOf = (answered: readonly Answered[]): number => {
	const ports = answered.map(({ mapped }) => mapped);
	return Math.max(...ports) - Math.min(...ports) + 1;
};

function pairsOf(answered: readonly Answered[]): Pair[] {
	const pairs: Pair[] = [];
	for (const [at, sample] of answered.entries()) {
		const before = answered[at - 1];
		if (before === undefined) continue;
		pairs.push({
			dLocal: sample.local - before.local,
			dMapped: sample.mapped - before.mapped,
			turns: sample.index - before.index,
		});
	}
	return pairs;
}

/** Pairs of neighbours in the train whose local ports are neighbours too. */
function neighboursOf(ordered: readonly Answered[]): Pair[] {
	return pairsOf(ordered.filter(({ part }) => part === 2)).filter(
		({ turns, dLocal }) => turns === 1 && dLocal === 1,
	);
}

/** The step that the most pairs have, if any. */
function bestStep(
	pairs: readonly Pair[],
	fit: (pair: Pair, step: number) => boolean,
): [number, number] | null {
	let best: [number, number] | null = null;
	for (const { dMapped: step, turns } of pairs) {
		if (turns !== 1 || step === 0 || Math.abs(step) > MAX_STEP) continue;
		const count = pairs.filter((pair) => fit(pair, step)).length;
		if (best === null || count > best[1]) best = [step, count];
	}
	return best;
}

/** A mapping lost on its way to the NAT made no mapping: over a gap the counter may have moved less. */
const counts = ({ dMapped, turns }: Pair, step: number): boolean => {
	const moved = dMapped / step;
	return Number.isInteger(moved) && moved >= 1 && moved <= turns;
};

function findCounter(ordered: readonly Answered[], span: number): DeltaJudgement | null {
	const pairs = pairsOf(ordered);
	// Part 1 has to show it too: a dependent NAT counts in part 2 alone.
	const apart = pairsOf(ordered.filter(({ part }) => part === 1));
	const best = bestStep(pairs, counts);
	if (best !== null) {
		const [step, count] = best;
		const inPart1 = apart.filter((pair) => counts(pair, step)).length;
		if (fits(count, pairs.length, span) && inPart1 >= 2 && inPart1 >= apart.length / 2) {
			return counterVerdict(step, `${count} of ${pairs.length} new mappings came ${step} further`);
		}
	}
	return findShuffledCounter(ordered, span);
}

/** A counter whose mappings were made in another order than sent: sorted, its ports still stand one step apart. */
function findShuffledCounter(ordered: readonly Answered[], span: number): DeltaJudgement | null {
	const apart = ordered.filter(({ part }) => part === 1);
	const ports = apart.map(({ mapped }) => mapped).sort((a, b) => a - b);
	const gaps = ports.slice(1).map((port, at) => port - (ports[at] ?? port));
	const pairs = gaps.map((dMapped) => ({ dLocal: 0, dMapped, turns: 1 }));
	const best = bestStep(pairs, ({ dMapped }, step) => dMapped === step);
	if (best === null) return null;
	const [step, count] = best;
	// Sorting makes small gaps out of a short range, so one more has to fit than in order.
	if (count < threshold(gaps.length, span) + 1 || count < gaps.length * FIT) return null;
	return counterVerdict(
		step,
		`${count} of ${gaps.length} mapped ports stand ${step} apart, in another order`,
	);
}

const counterVerdict = (step: number, reason: string): DeltaJudgement => ({
	type: 4,
	value: step,
	conclusive: true,
	reason,
});

/**
 * A mapping over a lost one counts if it shows the step for both; if it does not, the lost one was lost before the
 * NAT, which says nothing.
 */
function findDependent(sequence: readonly Answered[], span: number): DeltaJudgement | null {
	const pairs = pairsOf(sequence.filter(({ part }) => part === 2));
	const same = ({ dMapped, turns }: Pair, step: number): boolean => dMapped === step * turns;
	const best = bestStep(pairs, same);
	if (best === null) return null;
	const [step, count] = best;
	const neighbours = pairs.filter(({ turns }) => turns === 1);
	const near = neighbours.filter((pair) => same(pair, step)).length;
	if (count < threshold(pairs.length, span) || near < neighbours.length * FIT) return null;
	const reason = `${count} of ${pairs.length} consecutive local ports came ${step} further, others did not`;
	return { type: 5, value: step, conclusive: true, reason };
}

/**
 * How many of some pairs have to show one rule before chance is ruled out.
 *
 * If ports are random in a range of `span`, a pair shows a given distance with probability 1 / span. That `k` of `m`
 * pairs share one distance by chance is then at most C(m, k) / span^(k - 1).
 */
export const MAX_FALSE_RULE = 1e-4;

/** Never fewer than this: two equal distances may be anything. */
const MIN_FIT = 3;

/** The chance bound above: at least `k` of `m` pairs share a distance although the ports are random. */
export function falseRuleBound(m: number, k: number, span: number): number {
	return Math.min(1, choose(m, k) / Math.max(1, span) ** (k - 1));
}

/** The fewest of `m` pairs that have to agree for the chance of a false rule to be below {@link MAX_FALSE_RULE}. */
export function threshold(m: number, span: number): number {
	// A counter's own ports span little; what it would have to be told from is a range at least this short.
	const assumed = Math.max(span, SHORTEST_RANGE);
	for (let k = MIN_FIT; k <= m; k++) if (falseRuleBound(m, k, assumed) < MAX_FALSE_RULE) return k;
	return Math.max(m, MIN_FIT);
}

/** The shortest range of ports that carriers give to a customer (RFC 7422's examples go down to 64). */
const SHORTEST_RANGE = 64;

function choose(n: number, k: number): number {
	let product = 1;
	for (let each = 1; each <= k; each++) product = (product * (n - k + each)) / each;
	return product;
}

/** The chance that a test with `sends` sends is silent by loss alone, at `loss` (0 to 1) on each way. */
export function falseSilence(loss: number, sends: number): number {
	return (1 - (1 - loss) ** 2) ** sends;
}
