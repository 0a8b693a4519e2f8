/**
 * Benchmarks as ratios: a candidate against a baseline, interleaved in the same run.
 *
 * @packageDocumentation
 */
export {
	type BenchCase,
	type Comparison,
	compare,
	compareAll,
	formatComparison,
	type Side,
	summarise,
} from "./compare.js";
