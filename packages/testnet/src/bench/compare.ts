import { formatComparison, type Round, summarise } from "./report.js";
import type { BenchCase, Comparison, Side } from "./types.js";

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
