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
	/** Whether the ratio reaches the floor; null where there is none. */
	readonly reached: boolean | null;
}
