import type { Resolver } from "@p2pd/address";
import { FAMILIES, type Family, isFamily } from "@p2pd/net";
import { kernelRoute } from "@p2pd/route";
import { PipeOptionError, PipeResolveError, PipeTimeoutError } from "../errors.js";
import { familyOf, withZone } from "../peer.js";
import type { Target } from "./destination.js";
import type { PipeBindableRoute, PipeRoute, PipeRouteOwner, PipeSockets } from "./types.js";

/** One address to connect to, and the sockets to use. */
export interface Candidate {
	readonly sockets: PipeSockets;
	readonly ip: string;
	readonly port: number;
}

const kernel = new Map<Family, PipeSockets>();

/** The kernel's own choice, one factory for each family: it keeps what it knows from one connection to the next. */
export function kernelSockets(af: Family): PipeSockets {
	const known = kernel.get(af);
	if (known !== undefined) return known;
	const sockets = kernelRoute(af);
	kernel.set(af, sockets);
	return sockets;
}

/**
 * The socket factories that a pipe can use, best first: a bound route as it is, a route bound, or an interface's first
 * route of each family. Empty where the kernel chooses.
 *
 * @param families what the destination has addresses of; empty for an interface's best one
 * @throws PipeOptionError if `route` is none of these, or what `route` and `bind` throw
 */
export async function socketsOf(
	route: PipeRoute,
	families: readonly Family[],
): Promise<readonly PipeSockets[]> {
	if (route === null || route === undefined) return [];
	if (isSockets(route)) return [route];
	if (isOwner(route)) return routesOf(route, families);
	if (isBindable(route)) return [await bound(route)];
	throw new PipeOptionError("route", "must be a route, an Interface, a socket factory or null");
}

async function routesOf(owner: PipeRouteOwner, families: readonly Family[]): Promise<readonly PipeSockets[]> {
	if (families.length < 2) return [await bound(owner.route(families[0]))];
	const supported = owner.supported?.() ?? FAMILIES;
	const usable = supported.filter((af) => families.includes(af));
	const results = await Promise.allSettled(usable.map(async (af) => bound(owner.route(af))));
	const found = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
	if (found.length > 0) return found;
	// None works: the first family's error says why.
	return [await bound(owner.route(usable[0]))];
}

async function bound(route: PipeBindableRoute | PipeSockets): Promise<PipeSockets> {
	if (isSockets(route)) return route;
	const sockets: unknown = isBindable(route) ? await route.bind() : null;
	if (isSockets(sockets)) return sockets;
	throw new PipeOptionError("route", "must give a socket factory when it is bound");
}

function isSockets(route: unknown): route is PipeSockets {
	return (
		hasMethod(route, "udp") &&
		hasMethod(route, "connect") &&
		hasMethod(route, "listen") &&
		"af" in route &&
		isFamily(route.af)
	);
}

function isOwner(route: unknown): route is PipeRouteOwner {
	return hasMethod(route, "route");
}

function isBindable(route: unknown): route is PipeBindableRoute {
	return hasMethod(route, "bind");
}

function hasMethod<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
	return (
		typeof value === "object" &&
		value !== null &&
		name in value &&
		typeof (value as Record<string, unknown>)[name] === "function"
	);
}

/** What a lookup needs. */
export interface Lookup {
	readonly resolve: Resolver;
	readonly timeout: number;
	readonly signal: AbortSignal | undefined;
	/** The family, where there is no route. */
	readonly af: Family | undefined;
	readonly kernel: (af: Family) => PipeSockets;
}

/**
 * The addresses of a target that can be reached, each with its sockets, best first: the families alternate, and the
 * first factory's comes first.
 *
 * @throws PipeResolveError, PipeTimeoutError (phase `resolve`), PipeDestinationError, or the signal's reason
 */
export async function candidatesOf(
	target: Target,
	factories: readonly PipeSockets[],
	lookup: Lookup,
): Promise<readonly Candidate[]> {
	if (factories.length === 0) return kernelCandidates(target, lookup);
	const results = await Promise.allSettled(factories.map((sockets) => reachable(target, sockets, lookup)));
	const found = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
	if (found.length > 0) return alternating(found);
	for (const result of results) if (result.status === "rejected") throw result.reason;
	throw new PipeResolveError(target.host, "no address");
}

/** The kernel reaches addresses of both families. A family that was asked for only limits names. */
async function kernelCandidates(target: Target, lookup: Lookup): Promise<readonly Candidate[]> {
	const { af, kernel: socketsOfFamily } = lookup;
	const all = target.endpoints ?? (await lookUp(target, null, lookup));
	const candidates: Candidate[] = [];
	for (const { ip, port } of all) {
		const family = familyOf(ip);
		if (af !== undefined && family !== af && target.endpoints === null) continue;
		candidates.push({ sockets: socketsOfFamily(family), ip: withZone(ip, null), port });
	}
	if (candidates.length === 0) {
		throw new PipeResolveError(
			target.host,
			all.length === 0 || af === undefined ? "no address" : `no IPv${af} address`,
		);
	}
	return candidates;
}

async function reachable(
	target: Target,
	sockets: PipeSockets,
	lookup: Lookup,
): Promise<readonly Candidate[]> {
	const all = target.endpoints ?? (await lookUp(target, sockets, lookup));
	const usable = all.filter(({ ip }) => familyOf(ip) === sockets.af);
	if (usable.length === 0) throw new PipeResolveError(target.host, `no IPv${sockets.af} address`);
	return usable.map(({ ip, port }) => ({ sockets, ip: withZone(ip, sockets.nic), port }));
}

function alternating(lists: readonly (readonly Candidate[])[]): readonly Candidate[] {
	const longest = Math.max(...lists.map(({ length }) => length));
	return Array.from({ length: longest }, (_, index) =>
		lists.flatMap((list) => list.slice(index, index + 1)),
	).flat();
}

async function lookUp(
	{ host, port }: Target,
	sockets: PipeSockets | null,
	{ af, resolve, signal, timeout }: Lookup,
): Promise<readonly { readonly ip: string; readonly port: number }[]> {
	const wanted = sockets?.af ?? af;
	try {
		const ips = await resolve(host, { af: wanted, timeout, signal }, { sockets: sockets });
		return ips.map((ip) => ({ ip, port }));
	} catch (cause) {
		signal?.throwIfAborted();
		if (cause instanceof Error && "code" in cause && cause.code === "ERR_ADDRESS_TIMEOUT") {
			throw new PipeTimeoutError("resolve", timeout);
		}
		throw new PipeResolveError(host, cause instanceof Error ? cause.message : String(cause), { cause });
	}
}
