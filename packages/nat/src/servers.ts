import { canonicalIp, isIp, parseTarget, type Resolver, resolveHost } from "@p2pd/address";
import { type Clock, type Endpoint, sameEndpoint, withDeadline } from "@p2pd/net";
import { NatArgumentError } from "./errors.js";
import { STUN_PORT } from "./predict/pair.js";
import type { NatServer, NatSockets } from "./types.js";

interface ResolveOptions {
	/** How many servers are wanted. */
	readonly max: number;
	/** A name that is not resolved by then is left out, in ms. */
	readonly timeout: number;
	readonly signal: AbortSignal | undefined;
}

interface ResolveDeps {
	readonly sockets: NatSockets;
	readonly clock: Clock;
	/** @default `resolveHost` of `@p2pd/address` */
	readonly resolve: Resolver | undefined;
}

function hostOf(server: NatServer): { host: string; port: number } {
	if (typeof server !== "string") return "ip" in server ? { host: server.ip, port: server.port } : server;
	const { host, port } = parseTarget(server);
	return { host, port: port ?? STUN_PORT };
}

/**
 * The first `max` servers that have an address of the family, one for each IP and port, in their order.
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) if there is none
 */
export async function resolveServers(
	servers: readonly NatServer[],
	options: ResolveOptions,
	deps: ResolveDeps,
): Promise<readonly Endpoint[]> {
	if (servers.length === 0) throw new NatArgumentError("servers", "no server was given");
	const { max } = options;
	const found: Endpoint[] = [];
	const wanted = servers.map(hostOf);
	for (let from = 0; from < wanted.length && found.length < max; from += max) {
		const batch = wanted.slice(from, from + max).map((server) => addressOf(server, options, deps));
		for (const server of await Promise.all(batch)) {
			if (server === null || found.length >= max) continue;
			if (!found.some((other) => sameEndpoint(other, server))) found.push(server);
		}
	}
	if (found.length === 0) {
		const { af } = deps.sockets;
		throw new NatArgumentError("servers", `none of ${servers.length} servers has an IPv${af} address`);
	}
	return found;
}

async function addressOf(
	{ host, port }: { host: string; port: number },
	{ timeout, signal }: ResolveOptions,
	{ sockets, clock, resolve = resolveHost }: ResolveDeps,
): Promise<Endpoint | null> {
	signal?.throwIfAborted();
	const { af } = sockets;
	if (isIp(host)) return host.includes(":") === (af === 6) ? { ip: canonicalIp(host), port } : null;
	try {
		const onTimeout = (): Error => new Error("the name took too long");
		const ips = await withDeadline({ timeout, clock, signal, onTimeout }, (inner) =>
			resolve(host, { af, timeout, signal: inner }, { sockets }),
		);
		const ip = ips.find((each) => isIp(each));
		return ip === undefined ? null : { ip: canonicalIp(ip), port };
	} catch {
		// A name that does not resolve is a server that does not exist; the others are asked. An abort is thrown.
		signal?.throwIfAborted();
		return null;
	}
}
