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
