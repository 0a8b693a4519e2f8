import { isIp } from "@p2pd/address";
import {
	abortable,
	type Fields,
	is,
	objectProblem,
	sleep,
	systemClock,
	systemRandom,
	withDeadline,
} from "@p2pd/net";
import { CHECK_INTERVAL, HEAD_START, LIFETIME, PATIENCE, TIMEOUT } from "./defaults.js";
import { PortMapArgumentError } from "./errors.js";
import { isGrant, type MapMethod, type MethodDeps, NatPmpMethod, PcpMethod } from "./methods.js";
import { PortMapping } from "./port-mapping.js";
import type {
	Grant,
	MapPortDeps,
	MapPortOptions,
	PortMapAttempt,
	PortMapMemory,
	PortMapMethod,
	PortMapVerified,
} from "./types.js";
import { UpnpMethod } from "./upnp/upnp-method.js";

const METHODS: readonly PortMapMethod[] = ["pcp", "nat-pmp", "upnp"];
const method = is.oneOf(...METHODS);
const LONGEST_LIFETIME = (2 ** 32 - 1) * 1000;

const OPTIONS: Fields = {
	protocol: is.oneOf("tcp", "udp"),
	internalPort: is.remotePort,
	externalPort: is.remotePort,
	lifetime: is.number(1, LONGEST_LIFETIME),
	methods: is.listOf(method),
	timeout: is.timeout,
	patience: is.timeout,
	checkInterval: is.timeout,
	signal: is.signal,
};
const DEPS: Fields = {
	gateway: is.a("an IP address", (value) => typeof value === "string" && isIp(value)),
	sockets: is.object,
	clock: is.object,
	random: is.function,
	verify: is.function,
	memory: is.object,
};

/** What worked on which network, for this process. */
const processMemory: PortMapMemory = new Map();

/** Why there is no mapping. */
export interface MapPortFailure {
	readonly ok: false;
	/** "no-answer": no protocol answered in time; "refused": a router answered and refused. */
	readonly reason: "no-answer" | "refused";
	readonly attempts: readonly PortMapAttempt[];
	/**
	 * A mapping by an answer that came after `timeout` and within `patience`; null if none came. It never rejects.
	 * Whoever ignores it should abort the `signal`, or a late mapping stays open.
	 */
	readonly later: Promise<MapPortSuccess | null>;
}

/** A mapping that stands. */
export interface MapPortSuccess {
	readonly ok: true;
	readonly mapping: PortMapping;
	readonly attempts: readonly PortMapAttempt[];
}

/** How {@link mapPort} ended. */
export type MapPortResult = MapPortSuccess | MapPortFailure;

/**
 * Asks the router to forward a port. PCP, NAT-PMP and UPnP are asked at the same time; the first that answers and
 * grants it wins. Only the gateway is ever contacted (and SSDP's multicast group on that NIC).
 *
 * @returns the mapping, which must be closed; or why there is none, and a promise for a late answer
 * @throws PortMapArgumentError (ERR_PORT_MAP_ARGUMENT); the signal's reason
 */
export async function mapPort(options: MapPortOptions, deps: MapPortDeps): Promise<MapPortResult> {
	const problem =
		objectProblem(options, "options", OPTIONS, { required: ["protocol", "internalPort"] }) ??
		objectProblem(deps, "deps", DEPS, { required: ["gateway", "sockets"] });
	if (problem !== null) throw new PortMapArgumentError(problem);
	options.signal?.throwIfAborted();
	return new Asking(options, deps).run();
}

/** What the first of several searches found that found something; null if none did. */
async function firstFound(
	searches: readonly Promise<MapPortSuccess | null>[],
): Promise<MapPortSuccess | null> {
	return (await Promise.all(searches)).find((each) => each !== null) ?? null;
}

/** One call of {@link mapPort}: the methods that are asked, and what became of each. */
class Asking {
	readonly #options: MapPortOptions;
	readonly #deps: MapPortDeps;
	readonly #methodDeps: MethodDeps;
	readonly #attempts = new Map<PortMapMethod, PortMapAttempt>();
	readonly #over = new AbortController();
	/** One method maps at a time: they share the router's table, so that two would fight for the port. */
	#mapping: Promise<unknown> = Promise.resolve();
	#granted = false;

	constructor(options: MapPortOptions, deps: MapPortDeps) {
		this.#options = options;
		this.#deps = deps;
		const { gateway, sockets, clock = systemClock, random = systemRandom } = deps;
		this.#methodDeps = { gateway, sockets, clock, random };
		const wanted = options.methods ?? METHODS;
		for (const each of METHODS) {
			const isWanted = wanted.includes(each);
			const reason = isWanted ? "no answer yet" : "not asked for";
			this.#attempts.set(each, {
				method: each,
				outcome: isWanted ? "no-answer" : "not-tried",
				code: null,
				reason,
			});
		}
	}

	async run(): Promise<MapPortResult> {
		const { timeout = TIMEOUT, patience = PATIENCE, signal } = this.#options;
		const { clock } = this.#methodDeps;
		const onAbort = (): void => this.#over.abort(signal?.reason);
		signal?.addEventListener("abort", onAbort, { once: true });
		const waiting = new AbortController();
		const search = this.#search().finally(() => {
			waiting.abort();
			signal?.removeEventListener("abort", onAbort);
		});
		const patient = this.#within(search, Math.max(timeout, patience));
		const early = sleep(timeout, clock, waiting.signal).then(
			() => undefined,
			// The search ended first, so its outcome counts.
			() => patient,
		);
		const first = await abortable(Promise.race([patient, early]), signal);
		if (first) return first;
		const failure = { ok: false as const, reason: this.#reason(), attempts: [...this.#attempts.values()] };
		return { ...failure, later: first === null ? Promise.resolve(null) : patient.catch(() => null) };
	}

	/** The search, given up after so many ms. */
	async #within(search: Promise<MapPortSuccess | null>, timeout: number): Promise<MapPortSuccess | null> {
		const { clock } = this.#methodDeps;
		const late = new Error("no answer in time");
		try {
			return await withDeadline({ timeout, clock, onTimeout: () => late }, () => search);
		} catch (error) {
			if (error !== late) throw error;
			this.#over.abort(late);
			await search.catch(() => null);
			return null;
		}
	}

	/** Asks all methods at once; the one that worked here before a moment earlier, so that it wins where several would. */
	async #search(): Promise<MapPortSuccess | null> {
		const known = (this.#deps.memory ?? processMemory).get(this.#deps.gateway);
		const wanted = METHODS.filter((each) => (this.#options.methods ?? METHODS).includes(each));
		const first = wanted.find((each) => each === known);
		if (first === undefined) return firstFound(wanted.map((each) => this.#ask(this.#make(each))));
		const before = this.#ask(this.#make(first));
		const { clock } = this.#methodDeps;
		const ready = new AbortController();
		const wait = sleep(HEAD_START, clock, ready.signal).then(
			() => null,
			() => null,
		);
		const early = await Promise.race([before, wait]);
		ready.abort();
		if (early !== null) return early;
		const others = wanted.filter((each) => each !== first);
		return firstFound([before, ...others.map((each) => this.#ask(this.#make(each)))]);
	}

	#make(name: PortMapMethod): MapMethod {
		if (name === "pcp") return new PcpMethod(this.#methodDeps);
		return name === "nat-pmp" ? new NatPmpMethod(this.#methodDeps) : new UpnpMethod(this.#methodDeps);
	}

	async #ask(way: MapMethod): Promise<MapPortSuccess | null> {
		const note = (attempt: Omit<PortMapAttempt, "method">): void =>
			void this.#attempts.set(way.method, { method: way.method, ...attempt });
		try {
			const problem = await way.discover(this.#over.signal);
			if (problem !== null) {
				note(problem);
				return null;
			}
			const turn = this.#mapping.then(async () => {
				if (this.#granted) {
					note({ outcome: "not-tried", code: null, reason: "another protocol was faster" });
					return null;
				}
				const outcome = await way.map(this.#request(), this.#over.signal);
				if (!isGrant(outcome)) {
					note(outcome);
					return null;
				}
				this.#granted = true;
				note({ outcome: "mapped", code: null, reason: "mapped" });
				return outcome;
			});
			this.#mapping = turn.catch(() => undefined);
			const grant = await turn;
			return grant === null ? null : await this.#finish(way, grant);
		} catch (error) {
			if (!this.#over.signal.aborted) throw error;
			if (this.#granted) note({ outcome: "not-tried", code: null, reason: "another protocol was faster" });
			return null;
		}
	}

	#request() {
		const { protocol, internalPort, externalPort = internalPort, lifetime = LIFETIME } = this.#options;
		return { protocol, internalPort, externalPort, lifetime };
	}

	async #finish(way: MapMethod, grant: Grant): Promise<MapPortSuccess> {
		// The others need not go on: the port is mapped.
		const { clock } = this.#methodDeps;
		(this.#deps.memory ?? processMemory).set(this.#deps.gateway, way.method);
		const verified = await this.#verify(grant);
		const mapping = new PortMapping({
			method: way,
			request: this.#request(),
			grant,
			clock,
			checkInterval: this.#options.checkInterval ?? CHECK_INTERVAL,
			verified,
		});
		this.#over.abort(new Error("another protocol was faster"));
		return { ok: true, mapping, attempts: [...this.#attempts.values()] };
	}

	/** Whether the port is reached from outside. A check that fails proves nothing. */
	async #verify(grant: Grant): Promise<PortMapVerified> {
		const { verify } = this.#deps;
		if (verify === undefined) return "not-checked";
		const { protocol, internalPort } = this.#options;
		const patience = this.#options.patience ?? PATIENCE;
		try {
			return await withDeadline(
				{ timeout: patience, clock: this.#methodDeps.clock, onTimeout: () => new Error("no answer in time") },
				(signal) => verify({ protocol, external: grant.external, internalPort }, signal),
			);
		} catch {
			return "not-checked";
		}
	}

	#reason(): "no-answer" | "refused" {
		const refused = [...this.#attempts.values()].some(
			({ outcome }) => outcome === "refused" || outcome === "failed",
		);
		return refused ? "refused" : "no-answer";
	}
}
