import { canonicalIp, isIp, parseTarget } from "@p2pd/address";
import type { Clock, Family, HostPort } from "@p2pd/stun-client";
import { NatArgumentError } from "./errors.js";
import type { NatServer } from "./types.js";

/** How the servers' names become addresses. */
export interface ResolveParts {
	readonly af: Family;
	readonly max: number;
	readonly resolve: (host: string, af: Family, signal: AbortSignal) => Promise<readonly string[]>;
	readonly clock: Clock;
	/** A name that is not resolved by then is left out, ms. */
	readonly timeout: number;
	readonly signal: AbortSignal | undefined;
}

/** The port of STUN (RFC 8489 section 18.6), where a text names none. */
const STUN_PORT = 3478;

function hostOf(server: NatServer): { host: string; port: number } {
	if (typeof server !== "string") return "ip" in server ? { host: server.ip, port: server.port } : server;
	const { host, port } = parseTarget(server);
	return { host, port: port ?? STUN_PORT };
}

/** The first `max` servers that have an address of the family, one for each IP and port, in their order. */
export async function resolveServers(
	servers: readonly NatServer[],
	parts: ResolveParts,
): Promise<readonly HostPort[]> {
	if (servers.length === 0) throw new NatArgumentError("servers", "no server was given");
	const { max } = parts;
	const found: HostPort[] = [];
	const wanted = servers.map(hostOf);
	for (let from = 0; from < wanted.length && found.length < max; from += max) {
		const batch = await Promise.all(wanted.slice(from, from + max).map((server) => addressOf(server, parts)));
		for (const server of batch) {
			if (server === null || found.length >= max) continue;
			if (!found.some(({ ip, port }) => ip === server.ip && port === server.port)) found.push(server);
		}
	}
	if (found.length === 0) {
		throw new NatArgumentError("servers", `none of ${servers.length} servers has an IPv${parts.af} address`);
	}
	return found;
}

async function addressOf(
	{ host, port }: { host: string; port: number },
	{ af, resolve, clock, timeout, signal }: ResolveParts,
): Promise<HostPort | null> {
	signal?.throwIfAborted();
	if (isIp(host)) return host.includes(":") === (af === 6) ? { ip: canonicalIp(host), port } : null;
	const stop = new AbortController();
	const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
	const timer = clock.setTimeout(() => stop.abort(new Error("the name took too long")), timeout);
	try {
		const aborted = new Promise<never>((_, reject) => {
			both.addEventListener("abort", () => reject(both.reason), { once: true });
		});
		const ips = await Promise.race([resolve(host, af, both), aborted]);
		const ip = ips.find((each) => isIp(each));
		return ip === undefined ? null : { ip: canonicalIp(ip), port };
	} catch {
		// A name that does not resolve is a server that does not exist; the others are asked. Aborting is thrown.
		signal?.throwIfAborted();
		return null;
	} finally {
		clock.clearTimeout(timer);
	}
}
