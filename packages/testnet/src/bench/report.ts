import type { BenchCase, Comparison } from "./types.js";

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
