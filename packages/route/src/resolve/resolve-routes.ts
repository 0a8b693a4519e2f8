import { IPRange, IpAddress } from "@p2pd/address";
import { type Family, type Fields, is, objectProblem } from "@p2pd/net";
import { isNicOrNull } from "../arguments.js";
import { OBSERVE_CONCURRENCY } from "../defaults.js";
import { RouteFamilyError, RouteValueError, refuse } from "../errors.js";
import { Route } from "../routes/route.js";
import { RoutePool } from "../routes/route-pool.js";
import { needsZone } from "../sockets/local-binding.js";
import type { SourceAddress } from "../types.js";
import { groupOutcomes } from "./group.js";
import { type Entry, type Outcome, observeEntry } from "./observe.js";
import type { ResolveRoutesOptions, RouteResolution } from "./types.js";

const fields: Fields = {
	af: is.family,
	nic: isNicOrNull,
	addresses: is.listOf(
		is.shape({ ip: is.text, cidr: is.whole(0, 128) }, { required: ["ip", "cidr"], open: true }),
	),
	observe: is.function,
	defaultSource: is.text,
	signal: is.signal,
	concurrency: is.whole(1, 2 ** 16),
};

/**
 * Finds the routes of a NIC in one family from its addresses and what is observed from each of them. It opens no socket
 * and sends nothing itself; `observe` does.
 *
 * Each address is observed from itself, and a block from its first host and then trusted whole. An address that is seen
 * as itself gets a route of its own. Addresses that are seen as another one share a route with all that are seen as the
 * same one (NAT in IPv4; NAT66 and NPTv6 in IPv6). Addresses that could not be verified are in the report and on one
 * last route without an external side, so a NIC with addresses always has a route; so do IPv6 link-locals if the NIC has
 * no other address.
 * @throws RouteFamilyError, RouteValueError for invalid addresses or options, or the signal's reason
 */
export async function resolveRoutes(options: ResolveRoutesOptions): Promise<RouteResolution> {
	refuse(objectProblem(options, "", fields, { required: ["af", "nic", "addresses", "observe"] }));
	const { af, nic, observe, signal, defaultSource, concurrency = OBSERVE_CONCURRENCY } = options;
	signal?.throwIfAborted();
	const { linkLocals, entries } = readAddresses(af, options.addresses, defaultSource);
	const outcomes = await mapAtOnce(concurrency, entries, (entry) => observeEntry(af, entry, observe, signal));
	const inits = groupOutcomes({ af, nic, linkLocals, outcomes, defaultSource });
	const pool = new RoutePool(
		inits.map((init) => new Route(init)),
		linkLocals,
	);
	return { pool, linkLocals, unverified: outcomes.filter((outcome) => !outcome.verified) };
}

/**
 * A NIC's addresses: IPv6 link-locals, which are never observed, and the entries to observe, in the NIC's order. An
 * address without host bits is a block (`8.8.0.0/16`), any other is a single address (`203.0.113.7/24` is one address in a
 * subnet). A default source that no entry covers becomes an entry itself.
 */
function readAddresses(
	af: Family,
	addresses: readonly SourceAddress[],
	defaultSource: string | undefined,
): { readonly linkLocals: readonly IPRange[]; readonly entries: readonly Entry[] } {
	const all = addresses.map((address, index) => readRange(af, `addresses[${index}]`, address));
	const ranges = all.filter((range, index) => all.findIndex((other) => other.equals(range)) === index);
	const source = defaultSource === undefined ? null : readIp(af, "defaultSource", defaultSource);
	if (source !== null && !ranges.some((range) => range.contains(source))) ranges.push(new IPRange(source));
	const linkLocals = ranges.filter((range) => needsZone(range.network));
	const entries = ranges
		.filter((range) => !linkLocals.includes(range))
		.map((range) => ({ range, sources: sourcesOf(range, source) }));
	return { linkLocals, entries };
}

/** A block is verified by its first host, or if that cannot be used, by an address that the system certainly has. */
function sourcesOf(range: IPRange, defaultSource: IpAddress | null): string[] {
	if (range.isSingle) return [range.ip];
	const own = defaultSource !== null && range.contains(defaultSource) ? [defaultSource.toString()] : [];
	return [...new Set([range.first.toString(), ...own, range.ip])];
}

function readRange(af: Family, path: string, { ip, cidr }: SourceAddress): IPRange {
	const address = readIp(af, `${path}.ip`, ip);
	if (needsZone(address)) return new IPRange(address);
	let range: IPRange;
	try {
		range = new IPRange(address, cidr);
	} catch (cause) {
		throw new RouteValueError(path, `is not an address with a prefix length: ${ip}/${cidr}`, { cause });
	}
	return range.hasHostBits ? new IPRange(address) : range;
}

function readIp(af: Family, path: string, text: string): IpAddress {
	let address: IpAddress;
	try {
		address = IpAddress.parse(text);
	} catch (cause) {
		throw new RouteValueError(path, `is not an IP address: ${JSON.stringify(text)}`, { cause });
	}
	if (address.af !== af) throw new RouteFamilyError(text, af);
	return address;
}

/** Maps with at most `limit` items at once, results in the items' order. After a failure no more are started. */
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
