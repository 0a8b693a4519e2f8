import { FAMILIES, IP6, systemClock, systemRandom, withDeadline } from "@p2pd/net";
import { GRACE, RESOLVE_TIMEOUT } from "../defaults.js";
import type { DnsServer } from "../dns/client.js";
import { kernelSockets } from "../dns/exchange.js";
import { systemNicServers } from "../dns/nic-servers.js";
import { systemLookup } from "../dns/system.js";
import { AddressNotFoundError, AddressSyntaxError, AddressTimeoutError } from "../errors.js";
import { IpAddress } from "../ip/ip-address.js";
import type { IPRange } from "../range/ip-range.js";
import { readHost } from "../target/host.js";
import { askerFor, findNames, type LookupContext, type LookupRequest, readHostsFile } from "./lookup.js";
import { discoverPrefix, NAT64_NAME, type Synthesis, synthesise } from "./nat64.js";
import { checkResolverArguments } from "./options.js";
import { type Candidate, interleave, orderDestinations } from "./order.js";
import { kernelSource, placeAll, withSources } from "./placement.js";
import type { AddressDeps, Resolution, Resolver, ResolverSockets } from "./types.js";

/** One resolution. */
export interface ResolveRequest extends LookupRequest {
	readonly sockets: ResolverSockets | null;
	/** DNS servers to ask; null: as the sockets' NIC decides. */
	readonly servers: readonly DnsServer[] | null;
	/** A prefix, true to find it out, false for no NAT64. */
	readonly nat64: IPRange | boolean;
}

/** Addresses in the order in which to try them, and how they were found. */
export interface Resolved {
	readonly addresses: readonly IpAddress[];
	readonly resolution: Resolution;
}

/**
 * The default {@link Resolver}. An IP is returned in canonical text. A name goes to the system's resolver, in a helper
 * process that an abort really ends; for sockets on a NIC that is not the default one, it goes to the DNS servers of that
 * NIC, through the sockets.
 */
export const resolveHost: Resolver = async (host, options, resolverDeps) => {
	checkResolverArguments(host, options, resolverDeps);
	const { sockets, ...deps } = resolverDeps;
	const { af, timeout = RESOLVE_TIMEOUT, signal } = options;
	const reading = readHost(host);
	if (!reading.ok) throw new AddressSyntaxError(host, reading.position, reading.reason);
	const { addresses } = await resolveAddresses(
		{
			host: reading.host,
			literal: reading.af === undefined ? null : IpAddress.parse(reading.host),
			families: af === undefined ? FAMILIES : [af],
			...{ timeout, grace: GRACE, signal, sockets, servers: null, nat64: false },
		},
		deps,
	);
	const wanted = af === undefined ? addresses : addresses.filter((address) => address.af === af);
	if (wanted.length === 0) throw new AddressNotFoundError(host, `no IPv${af} address`);
	return wanted.map(String);
};

/** Finds the addresses of a host, makes them usable on this machine, and puts the best first. */
export async function resolveAddresses(request: ResolveRequest, deps: AddressDeps): Promise<Resolved> {
	const { sockets, signal } = request;
	signal?.throwIfAborted();
	const context = contextOf(request, deps);
	const { clock, attempts } = context;
	const started = clock.now();
	const { addresses, ...names } = await findNames(request, context);
	const { placed, dropped } = placeAll(addresses, sockets, deps.platform ?? process.platform);
	const sourceOf = deps.sourceOf ?? kernelSource;
	const found = await withSources(placed, sockets, sourceOf);
	const left = request.timeout - (clock.now() - started);
	const { report, addresses: translated } = await translate({ ...request, timeout: left }, found, context);
	const all = [...found, ...(await withSources(translated, sockets, sourceOf))];
	signal?.throwIfAborted();
	return {
		addresses: inOrder(all, sockets).map(({ address }) => address),
		resolution: { ...names, attempts, dropped, nat64: report, took: clock.now() - started },
	};
}

/** What the operating system tells about NICs, remembered for all lookups of the process. */
const nicServers = systemNicServers();

function contextOf({ servers, sockets }: ResolveRequest, deps: AddressDeps): LookupContext {
	return {
		servers,
		sockets: sockets?.nameSockets ?? sockets,
		systemLookup: deps.systemLookup ?? systemLookup,
		nicServers: deps.nicServers ?? nicServers,
		hostsFile: deps.hostsFile ?? readHostsFile,
		serverSockets: deps.serverSockets ?? kernelSockets,
		clock: deps.clock ?? systemClock,
		random: deps.random ?? systemRandom,
		attempts: [],
	};
}

async function translate(
	request: ResolveRequest,
	candidates: readonly Candidate[],
	context: LookupContext,
): Promise<Synthesis> {
	const { nat64, timeout, signal } = request;
	if (nat64 === false) return { report: { status: "not-asked" }, addresses: [] };
	const onTimeout = (): Error => new AddressTimeoutError(NAT64_NAME, timeout);
	return synthesise(candidates, async () => {
		if (nat64 !== true) return nat64;
		const ask = askerFor(NAT64_NAME, [IP6], context);
		return withDeadline({ timeout, clock: context.clock, signal, onTimeout }, (inner) =>
			discoverPrefix(ask, inner),
		);
	});
}

/** Through sockets only one family can be reached, and it comes first; otherwise the two alternate. */
function inOrder(candidates: readonly Candidate[], sockets: ResolverSockets | null): readonly Candidate[] {
	const ordered = orderDestinations(candidates);
	return sockets === null ? interleave(ordered) : ordered;
}
