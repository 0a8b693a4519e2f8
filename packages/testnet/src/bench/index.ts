/**
 * Benchmarks as ratios: a candidate against a baseline, interleaved in the same run.
 *
 * @packageDocumentation
 */
export { compare, compareAll } from "./compare.js";
export { formatComparison, summarise } from "./report.js";
export type { BenchCase, Comparison, Side } from "./types.js";
