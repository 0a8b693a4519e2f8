import { OBSERVE_CONCURRENCY } from "../defaults.js";
import { RouteValueError } from "../errors.js";
import { Route } from "../pool/route.js";
import { RoutePool } from "../pool/route-pool.js";
import { groupOutcomes } from "./group-outcomes.js";
import { type Outcome, observeEntry } from "./observe-entry.js";
import { readAddresses } from "./read-addresses.js";
import type { ResolveRoutesOptions, RouteResolution } from "./types.js";

/**
 * Finds the routes of a NIC in one family: its addresses and what is observed from each of them, in; a pool,
 * out. It opens no socket and sends nothing itself: `observe` does.
 *
 * Each address is observed from itself, and a block from its first host and then trusted whole. Those that are
 * seen as themselves get a route each; those that are seen as another address share a route with all that are
 * seen as the same one (NAT in IPv4; NAT66 and NPTv6 in IPv6). What could not be verified is in the report and
 * in one last route with no external side, so that a NIC with addresses always has a route. IPv6 link-locals
 * alone make none.
 * @throws RouteFamilyError, RouteValueError for addresses that are none, or the signal's reason.
 */
export async function resolveRoutes(options: ResolveRoutesOptions): Promise<RouteResolution> {
	const { af, nic, observe, signal, defaultSource } = options;
	signal?.throwIfAborted();
	const concurrency = options.concurrency ?? OBSERVE_CONCURRENCY;
	if (!Number.isInteger(concurrency) || concurrency < 1) {
		throw new RouteValueError("concurrency", `${concurrency} is not a whole number from 1`);
	}
	const { linkLocals, entries } = readAddresses(af, options.addresses, defaultSource);
	const outcomes = await mapAtOnce(concurrency, entries, (entry) => observeEntry(af, entry, observe, signal));
	const inits = groupOutcomes({ af, nic, linkLocals, outcomes, defaultSource });
	const pool = new RoutePool(
		inits.map((init) => new Route(init)),
		linkLocals,
	);
	return { pool, linkLocals, unverified: outcomes.filter((outcome) => !outcome.verified) };
}

/** Maps with at most `limit` items under way, results in the items' order; after a failure no more are begun. */
async function mapAtOnce<T>(
	limit: number,
	items: readonly T[],
	map: (item: T) => Promise<Outcome>,
): Promise<Outcome[]> {
	const results = new Map<number, Outcome>();
	const queue = items.entries();
	const worker = async (): Promise<void> => {
		for (const [index, item] of queue) results.set(index, await map(item));
	};
	await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
	return [...results].sort(([a], [b]) => a - b).map(([, outcome]) => outcome);
}
