/** One side of a comparison: does the whole batch of work once. */
export type Side = () => void | Promise<void>;

/** What is measured against what. */
export interface BenchCase {
	/** What the line of the report is called. */
	readonly name: string;
	/** Operations in one call of a side, the same for both. Only the printed rates use it. @default 1 */
	readonly ops?: number;
	readonly baseline: Side;
	readonly candidate: Side;
	/** The ratio that the candidate is meant to reach; a miss is marked in the report. */
	readonly floor?: number;
	/** Measured rounds; each runs both sides, the order swapped every other round. @default 15 */
	readonly rounds?: number;
	/** Rounds run first and thrown away. @default 3 */
	readonly warmup?: number;
}

/** The outcome of one comparison. Ratios are candidate rate / baseline rate: above 1, the candidate is faster. */
export interface Comparison {
	readonly name: string;
	/** The median of the rounds' ratios. */
	readonly ratio: number;
	/** The first and third quartile of the rounds' ratios. */
	readonly spread: readonly [low: number, high: number];
	readonly rounds: number;
	/** Median operations a second. */
	readonly baselineRate: number;
	/** Median operations a second. */
	readonly candidateRate: number;
	readonly floor: number | null;
	/** Whether the ratio reaches the floor; null without a floor. */
	readonly reached: boolean | null;
}

async function timed(side: Side): Promise<number> {
	const start = performance.now();
	await side();
	return performance.now() - start;
}

/**
 * Measures a candidate against its baseline. Both run in every round, and the order is swapped every other
 * round, so that what the machine does meanwhile hurts both alike; the ratio is taken round by round.
 *
 * @param bench the case
 * @param print where the line for a person goes @default console.log
 */
export async function compare(
	bench: BenchCase,
	print: (line: string) => void = console.log,
): Promise<Comparison> {
	const { rounds = 15, warmup = 3 } = bench;
	const measured: Round[] = [];
	for (let round = -warmup; round < rounds; round++) {
		let baseline: number;
		let candidate: number;
		if (round % 2 === 0) {
			baseline = await timed(bench.baseline);
			candidate = await timed(bench.candidate);
		} else {
			candidate = await timed(bench.candidate);
			baseline = await timed(bench.baseline);
		}
		if (round >= 0) measured.push({ baseline, candidate });
	}
	const result = summarise(bench, measured);
	print(formatComparison(result));
	return result;
}

/** Runs the cases one after another. The process's exit code becomes 1 if one misses its floor. */
export async function compareAll(cases: readonly BenchCase[]): Promise<Comparison[]> {
	const results: Comparison[] = [];
	for (const bench of cases) results.push(await compare(bench));
	if (results.some((result) => result.reached === false)) process.exitCode = 1;
	return results;
}

/** The time of each side in one round, in milliseconds. */
export interface Round {
	readonly baseline: number;
	readonly candidate: number;
}

/** The value below which the fraction `q` of the sorted `values` lies, interpolated; NaN for none. */
function quantile(values: readonly number[], q: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const at = (sorted.length - 1) * q;
	const low = sorted[Math.floor(at)] ?? Number.NaN;
	const high = sorted[Math.ceil(at)] ?? Number.NaN;
	return low + (high - low) * (at - Math.floor(at));
}

/** Turns the measured rounds of a case into its outcome. Pure. */
export function summarise(bench: BenchCase, rounds: readonly Round[]): Comparison {
	const ratios = rounds.map((round) => round.baseline / round.candidate);
	const rate = (times: number[]): number => ((bench.ops ?? 1) * 1000) / quantile(times, 0.5);
	const ratio = quantile(ratios, 0.5);
	return {
		name: bench.name,
		ratio,
		spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
		rounds: rounds.length,
		baselineRate: rate(rounds.map((round) => round.baseline)),
		candidateRate: rate(rounds.map((round) => round.candidate)),
		floor: bench.floor ?? null,
		reached: bench.floor === undefined ? null : ratio >= bench.floor,
	};
}

const perSecond = (rate: number): string =>
	rate >= 1e6
		? `${(rate / 1e6).toFixed(1)}M/s`
		: rate >= 1e3
			? `${(rate / 1e3).toFixed(1)}k/s`
			: `${rate.toFixed(1)}/s`;

/** One line for a person: the ratio, its spread, both rates, and the floor where one is set. */
export function formatComparison(result: Comparison): string {
	const [low, high] = result.spread;
	const floor =
		result.floor === null ? "" : `  ${result.reached ? "ok" : "BELOW"} (floor ${result.floor.toFixed(2)})`;
	return (
		`${result.name.padEnd(48)} x${result.ratio.toFixed(3)} [${low.toFixed(3)}..${high.toFixed(3)}]` +
		`  baseline ${perSecond(result.baselineRate)}, candidate ${perSecond(result.candidateRate)}${floor}`
	);
}
