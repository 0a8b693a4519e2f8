import { randomBytes } from "node:crypto";
import { systemClock } from "../clock.js";
import { kernelSockets } from "../dns/kernel-sockets.js";
import { systemLookup } from "../dns/system-lookup.js";
import { AddressTimeoutError } from "../errors.js";
import { NAT64_NAME } from "../nat64/discover.js";
import { kernelSource } from "../order/kernel-source.js";
import { type Candidate, interleave, orderDestinations } from "../order/order-destinations.js";
import { within } from "../within.js";
import { toEndpoint } from "./endpoint.js";
import { findNames } from "./find-names.js";
import { askerFor, type LookupContext } from "./lookup-names.js";
import type { AddressDeps } from "./options.js";
import { placeAll } from "./place.js";
import type { Resolved } from "./resolution.js";
import type { ResolveRequest } from "./resolve-request.js";
import { withSources } from "./sources.js";
import { discoverPrefix, type Synthesis, synthesise } from "./synthesise.js";
import type { AddressRoute } from "./types.js";

/** Finds the endpoints of a host: its addresses, made fit for this machine, the best first. */
export async function resolveAddress(request: ResolveRequest, deps: AddressDeps): Promise<Resolved> {
	const { port, route, signal } = request;
	signal?.throwIfAborted();
	const context = contextOf(request, deps);
	const { clock, attempts } = context;
	const started = clock.now();
	const { addresses, ...names } = await findNames(request, context);
	const { placed, dropped } = placeAll(addresses, route, deps.platform ?? process.platform);
	const sourceOf = deps.sourceOf ?? kernelSource;
	const found = await withSources(placed, route, sourceOf);
	const left = request.timeout - (clock.now() - started);
	const { report, addresses: translated } = await translate({ ...request, timeout: left }, found, context);
	const all = [...found, ...(await withSources(translated, route, sourceOf))];
	signal?.throwIfAborted();
	return {
		endpoints: inOrder(all, route).map(({ address }) => toEndpoint(address, port)),
		resolution: { ...names, attempts, dropped, nat64: report, took: clock.now() - started },
	};
}

function contextOf({ servers, route }: ResolveRequest, deps: AddressDeps): LookupContext {
	return {
		servers,
		route,
		systemLookup: deps.systemLookup ?? systemLookup,
		serverSockets: deps.serverSockets ?? kernelSockets,
		clock: deps.clock ?? systemClock,
		random: deps.random ?? randomBytes,
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
		const ask = askerFor(NAT64_NAME, context);
		const limit = { timeout, clock: context.clock, signal, onTimeout };
		return within(limit, (inner) => discoverPrefix(ask, inner));
	});
}

/** Through a route one family alone is of use, and comes first as it is; otherwise the two take turns. */
function inOrder(candidates: readonly Candidate[], route: AddressRoute | null): readonly Candidate[] {
	const ordered = orderDestinations(candidates);
	return route === null ? interleave(ordered) : ordered;
}
