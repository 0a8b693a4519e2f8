import { IpAddress, ipVersion, isPublicIp } from "@p2pd/address";
import { is, type RandomBytes, systemRandom } from "@p2pd/net";
import { checkArgument, checkOptions, isSpec } from "../arguments.js";
import { StunConfigError } from "../errors.js";
import { isMemory, processMemory, type StunServerMemory } from "./memory.js";
import { type ResolveStunServerDeps, type ResolveStunServerOptions, resolveStunServer } from "./resolve.js";
import type { ResolvedStunServer, StunServerSpec, UnresolvedStunServer } from "./types.js";

/** What the servers are chosen for. */
export interface StunServerChoiceOptions extends ResolveStunServerOptions {
	/**
	 * "second-address": servers that can answer from a second address come first, as tests of filtering need them; then
	 * those of which it is not known. "any": a plain Binding is enough. @default "any"
	 */
	readonly need?: "any" | "second-address";
	/** The path that is used, such as the local address: see {@link StunServerMemory}. @default "" */
	readonly via?: string;
}

/** What the environment supplies to the choice. */
export interface StunServerChoiceDeps extends ResolveStunServerDeps {
	/** @default the one of this process */
	readonly memory?: StunServerMemory;
	/** @default the system's cryptographic source */
	readonly random?: RandomBytes;
}

/** A number in [0, 1). */
function draw(random: RandomBytes): number {
	const bytes = random(4);
	return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}

/**
 * The order in which to ask servers: first those that were neither silent nor contradicted, and among equals those that
 * have what is needed; the rest is chance. Servers of the other family, and servers for TLS only, are left out.
 */
export function orderStunServers(
	specs: readonly StunServerSpec[],
	options: Pick<StunServerChoiceOptions, "af" | "need" | "via">,
	deps: Pick<StunServerChoiceDeps, "memory" | "random"> = {},
): StunServerSpec[] {
	checkArgument(specs, "specs", is.listOf(isSpec));
	checkOptions(
		options,
		{ af: is.family, need: is.oneOf("any", "second-address"), via: is.text },
		{ required: ["af"], open: true },
	);
	checkOptions(deps, { memory: isMemory, random: is.function }, { open: true });
	const { af, need = "any", via = "" } = options;
	const { memory = processMemory, random = systemRandom } = deps;
	return specs
		.filter(({ families, transport }) => transport !== "tls" && (families?.includes(af) ?? true))
		.map((spec) => {
			const { silences, suspicion, features } = memory.facts(spec, { via });
			const lack = need === "any" ? 0 : lackOf(spec, features);
			const penalty = suspicion + silences;
			return { spec, misbehaved: penalty > 0 ? 1 : 0, lack, penalty, draw: draw(random) };
		})
		.sort(
			(a, b) => a.misbehaved - b.misbehaved || a.lack - b.lack || a.penalty - b.penalty || a.draw - b.draw,
		)
		.map(({ spec }) => spec);
}

/** How far a server is from being known to answer from a second address: what was seen counts more than a mark. */
function lackOf(spec: StunServerSpec, seen: StunServerSpec["features"] | null): number {
	if (seen !== null && seen !== undefined) return seen.length > 0 ? 0 : 3;
	return (spec.features?.length ?? 0) > 0 ? 1 : 2;
}

/** What makes servers one witness: the same IP, operator, or public network of /24 or /48. */
function witnessKeys({ spec, ip }: ResolvedStunServer): string[] {
	const keys = [ip];
	if (spec.operator !== undefined) keys.push(`operator ${spec.operator}`);
	if (isPublicIp(ip))
		keys.push(`network ${IpAddress.parse(ip).toBigInt() >> (ipVersion(ip) === 4 ? 8n : 80n)}`);
	return keys;
}

/**
 * Gives out servers to ask, one after the other: in the order of {@link orderStunServers}, resolved, and each an
 * independent witness. Servers with the same IP, the same operator, or in the same public /24 (IPv6: /48) are given out
 * once, and again only after {@link StunServerQueue.release}.
 */
export class StunServerQueue {
	readonly #options: StunServerChoiceOptions;
	readonly #deps: StunServerChoiceDeps;
	readonly #waiting: StunServerSpec[];
	readonly #taken = new Set<string>();
	/** Resolved, but not independent of a server that was given out. */
	#doubles: ResolvedStunServer[] = [];
	readonly #failures: UnresolvedStunServer[] = [];
	readonly #resolving = new Set<StunServerSpec>();

	/** @throws {StunConfigError} ERR_STUN_CONFIG for invalid arguments */
	constructor(
		specs: readonly StunServerSpec[],
		options: StunServerChoiceOptions,
		deps: StunServerChoiceDeps = {},
	) {
		checkOptions(options, { timeout: is.timeout, signal: is.signal }, { open: true });
		checkOptions(deps, { sockets: is.nullOr(is.object), resolver: is.function }, { open: true });
		this.#options = options;
		this.#deps = deps;
		this.#waiting = orderStunServers(specs, options, deps);
	}

	/** How many servers can still be given out, at most. */
	get remaining(): number {
		return this.#waiting.length + this.#doubles.filter((each) => this.#isFree(each)).length;
	}

	/** The servers whose names are being looked up. */
	get resolving(): readonly StunServerSpec[] {
		return [...this.#resolving];
	}

	/** The servers whose names could not be resolved so far. */
	get failures(): readonly UnresolvedStunServer[] {
		return this.#failures;
	}

	/**
	 * The next server, or null if there is none. Calls may overlap; names are then looked up at the same time.
	 *
	 * @throws the signal's reason when it aborts
	 */
	async next(): Promise<ResolvedStunServer | null> {
		for (let spec = this.#waiting.shift(); spec !== undefined; spec = this.#waiting.shift()) {
			const server = await this.#resolve(spec);
			if (server === null) continue;
			if (this.#take(server)) return server;
			this.#doubles.push(server);
		}
		const free = this.#doubles.find((each) => this.#isFree(each));
		if (free === undefined) return null;
		this.#doubles = this.#doubles.filter((each) => each !== free);
		this.#take(free);
		return free;
	}

	/** Tells that a server did not answer, so that another one of its operator or network may be asked. */
	release(server: ResolvedStunServer): void {
		checkArgument(server, "server", is.shape({ spec: isSpec }, { required: ["spec", "ip"], open: true }));
		for (const key of witnessKeys(server)) this.#taken.delete(key);
		// The address itself has failed.
		this.#taken.add(server.ip);
	}

	#isFree(server: ResolvedStunServer): boolean {
		return !witnessKeys(server).some((key) => this.#taken.has(key));
	}

	#take(server: ResolvedStunServer): boolean {
		if (!this.#isFree(server)) return false;
		for (const key of witnessKeys(server)) this.#taken.add(key);
		return true;
	}

	async #resolve(spec: StunServerSpec): Promise<ResolvedStunServer | null> {
		this.#resolving.add(spec);
		try {
			return await resolveStunServer(spec, this.#options, this.#deps);
		} catch (error) {
			this.#options.signal?.throwIfAborted();
			this.#failures.push({ spec, error });
			return null;
		} finally {
			this.#resolving.delete(spec);
		}
	}
}

/** Refuses servers that cannot be asked over UDP. @throws {StunConfigError} ERR_STUN_CONFIG */
export function refuseTlsServers(specs: readonly StunServerSpec[]): void {
	const index = specs.findIndex(({ transport }) => transport === "tls");
	if (index === -1) return;
	throw new StunConfigError(`servers[${index}] is a stuns: server, but addresses are observed over UDP`, {
		argument: `servers[${index}]`,
	});
}
