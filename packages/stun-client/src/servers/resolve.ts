import { StunConfigError } from "../errors.js";
import { canonicalIp, familyOf } from "../ip-text.js";
import type { Family } from "../types.js";
import type { ResolvedServer, StunServerSpec, UnresolvedServer } from "./types.js";

/** Finds the IPs of a host name in one family; none is an empty list. */
export type Lookup = (
	host: string,
	af: Family,
	options: { signal?: AbortSignal },
) => Promise<readonly string[]>;

/** How {@link resolveStunServers} works. */
export interface ResolveServersOptions {
	readonly af: Family;
	readonly lookup: Lookup;
	readonly signal?: AbortSignal;
}

/**
 * The address of one server in one family: the first of its name's.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG when it has none in that family
 * @throws what the lookup throws
 */
export async function resolveStunServer(
	spec: StunServerSpec,
	{ af, lookup, signal }: ResolveServersOptions,
): Promise<ResolvedServer> {
	const literal = canonicalIp(spec.host);
	const found =
		literal === undefined ? await lookup(spec.host, af, signal === undefined ? {} : { signal }) : [literal];
	const ip = found.find((each) => familyOf(each) === af);
	if (ip === undefined) throw new StunConfigError(`${spec.host} has no IPv${af} address`);
	return { spec, ip, port: spec.port };
}

/**
 * The addresses of servers in one family, all looked up at once. Two names of one address are one server: the first
 * stays. What cannot be resolved is reported, not thrown.
 */
export async function resolveStunServers(
	specs: readonly StunServerSpec[],
	options: ResolveServersOptions,
): Promise<{ readonly servers: ResolvedServer[]; readonly failures: UnresolvedServer[] }> {
	const results = await Promise.allSettled(specs.map((spec) => resolveStunServer(spec, options)));
	options.signal?.throwIfAborted();
	const servers = new Map<string, ResolvedServer>();
	const failures: UnresolvedServer[] = [];
	for (const [nth, result] of results.entries()) {
		const spec = specs[nth];
		if (spec === undefined) continue;
		if (result.status === "rejected") failures.push({ spec, error: result.reason });
		else {
			const key = `${result.value.ip} ${result.value.port}`;
			if (!servers.has(key)) servers.set(key, result.value);
		}
	}
	return { servers: [...servers.values()], failures };
}
