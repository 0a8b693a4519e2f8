import { canonicalIp, isIp, parseTarget, type Resolver, resolveHost } from "@p2pd/address";
import { type Clock, type Endpoint, sameEndpoint, withDeadline } from "@p2pd/net";
import type { ServerCandidate } from "./knowledge.js";
import { STUN_PORT } from "./predict/pair.js";
import type { NatServer, NatSockets } from "./types.js";

interface ResolveOptions {
	/** A name that is not resolved by then is left out, in ms. */
	readonly timeout: number;
}

interface ResolveDeps {
	readonly sockets: NatSockets;
	readonly clock: Clock;
	/** @default `resolveHost` of `@p2pd/address` */
	readonly resolve: Resolver | undefined;
}

/**
 * Gives out the servers that have an address of the family, one for each IP and port: first those that are marked as
 * able to answer from a second address, then the others, each in their order.
 */
export class ServerSource {
	readonly #waiting: NatServer[];
	readonly #given: Endpoint[] = [];
	readonly #options: ResolveOptions;
	readonly #deps: ResolveDeps;

	constructor(servers: readonly NatServer[], options: ResolveOptions, deps: ResolveDeps) {
		this.#waiting = [...servers.filter(isMarked), ...servers.filter((server) => !isMarked(server))];
		this.#options = options;
		this.#deps = deps;
	}

	/** The next server, or null if there is none. Calls may overlap. Throws the signal's reason. */
	async next(signal: AbortSignal): Promise<ServerCandidate | null> {
		for (let server = this.#waiting.shift(); server !== undefined; server = this.#waiting.shift()) {
			const found = await addressOf(hostOf(server), signal, this.#options, this.#deps);
			if (found === null || this.#given.some((other) => sameEndpoint(other, found))) continue;
			this.#given.push(found);
			return { ...found, isCapable: isMarked(server) ? true : null };
		}
		return null;
	}
}

function isMarked(server: NatServer): boolean {
	return typeof server !== "string" && "features" in server && (server.features?.length ?? 0) > 0;
}

function hostOf(server: NatServer): { host: string; port: number } {
	if (typeof server !== "string") return "ip" in server ? { host: server.ip, port: server.port } : server;
	const { host, port } = parseTarget(server);
	return { host, port: port ?? STUN_PORT };
}

async function addressOf(
	{ host, port }: { host: string; port: number },
	signal: AbortSignal,
	{ timeout }: ResolveOptions,
	{ sockets, clock, resolve = resolveHost }: ResolveDeps,
): Promise<Endpoint | null> {
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
		signal.throwIfAborted();
		return null;
	}
}
