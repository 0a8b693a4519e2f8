import {
	canonicalIp,
	ipVersion,
	isIp,
	type Resolver,
	type ResolverSockets,
	resolveHost,
} from "@p2pd/address";
import { type Family, type Fields, is } from "@p2pd/net";
import { checkArgument, checkOptions, isSpec } from "../arguments.js";
import { StunConfigError } from "../errors.js";
import type { ResolvedStunServer, StunServerSpec, UnresolvedStunServer } from "./types.js";

/** Options of {@link resolveStunServer}. */
export interface ResolveStunServerOptions {
	/** The family wanted. */
	readonly af: Family;
	/** Milliseconds for one name. @default the resolver's */
	readonly timeout?: number;
	readonly signal?: AbortSignal;
}

/** What the environment supplies to {@link resolveStunServer}. */
export interface ResolveStunServerDeps {
	/** The sockets that the server will be asked through: names are looked up by the same way. @default null, the system's */
	readonly sockets?: ResolverSockets | null;
	/** @default `resolveHost` of `@p2pd/address` */
	readonly resolver?: Resolver;
}

/** Of a choice of servers, too. */
const OPTION_FIELDS: Fields = {
	af: is.family,
	timeout: is.timeout,
	signal: is.signal,
	need: is.oneOf("any", "second-address"),
	via: is.text,
};

/**
 * The address of a server in one family: the first one of its name.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG if the server is an IP of the other family
 * @throws {AddressError} what the resolver throws
 * @throws the signal's reason when it aborts
 */
export async function resolveStunServer(
	spec: StunServerSpec,
	options: ResolveStunServerOptions,
	deps: ResolveStunServerDeps = {},
): Promise<ResolvedStunServer> {
	checkArgument(spec, "spec", isSpec);
	checkOptions(options, OPTION_FIELDS, { required: ["af"] });
	checkOptions(deps, { sockets: is.nullOr(is.object), resolver: is.function }, { open: true });
	const { af, timeout, signal } = options;
	const { sockets = null, resolver = resolveHost } = deps;
	signal?.throwIfAborted();
	const found = isIp(spec.host)
		? [canonicalIp(spec.host)]
		: await resolver(
				spec.host,
				{ af, ...(timeout !== undefined && { timeout }), ...(signal !== undefined && { signal }) },
				{ sockets },
			);
	const ip = found.find((each) => ipVersion(each) === af);
	if (ip === undefined) throw new StunConfigError(`${spec.host} has no IPv${af} address`);
	return { spec, ip: canonicalIp(ip), port: spec.port };
}

/**
 * The addresses of servers in one family, all looked up at once. Of several names of one address, the first is kept.
 * Names that cannot be resolved are reported and not thrown.
 *
 * @throws the signal's reason when it aborts
 */
export async function resolveStunServers(
	specs: readonly StunServerSpec[],
	options: ResolveStunServerOptions,
	deps: ResolveStunServerDeps = {},
): Promise<{ readonly servers: ResolvedStunServer[]; readonly failures: UnresolvedStunServer[] }> {
	checkArgument(specs, "specs", is.listOf(isSpec));
	checkOptions(options, OPTION_FIELDS, { required: ["af"] });
	const results = await Promise.allSettled(specs.map((spec) => resolveStunServer(spec, options, deps)));
	options.signal?.throwIfAborted();
	const servers = new Map<string, ResolvedStunServer>();
	const failures: UnresolvedStunServer[] = [];
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
