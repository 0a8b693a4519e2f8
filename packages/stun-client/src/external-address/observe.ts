import { canonicalIp, ipVersion, isIp, isPublicIp, type ResolverSockets } from "@p2pd/address";
import {
	type Clock,
	type Endpoint,
	type Family,
	is,
	type RandomBytes,
	systemClock,
	systemRandom,
} from "@p2pd/net";
import { COMMON_DEPS, checkOptions, isUdpFactory } from "../arguments.js";
import { mappedOf, requireSuccess } from "../client/mapping.js";
import { ASK_AT_ONCE, MIN_AGREE, OBSERVE_SENDS, PACE, REQUEST_TIMEOUT, SLOW_FACTOR } from "../defaults.js";
import { StunAnswerError, StunTimeoutError } from "../errors.js";
import { refuseTlsServers, StunServerQueue } from "../servers/choice.js";
import { isMemory, processMemory, type StunServerEvent, type StunServerMemory } from "../servers/memory.js";
import { stunServerSpecs } from "../servers/text.js";
import type { ResolvedStunServer, StunServerSpec } from "../servers/types.js";
import { closeUdp, StunSocket } from "../transport/udp.js";
import { AgreementTally, type TallyDecision } from "./tally.js";
import type {
	ExternalAddress,
	ExternalAddressFailure,
	ObserveExternalAddressDeps,
	ObserveExternalAddressOptions,
} from "./types.js";

const OPTION_FIELDS = {
	servers: is.anything,
	minAgree: is.whole(1, 1000),
	maxServers: is.whole(1, 1000),
	timeout: is.timeout,
	signal: is.signal,
};

const DEP_FIELDS = {
	...COMMON_DEPS,
	sockets: isUdpFactory,
	resolver: is.function,
	memory: isMemory,
};

/**
 * Finds the external address behind the given sockets by asking several servers from one socket. See `AgreementTally`
 * for the rule. What the servers and the network do is in the result and is not thrown.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG for invalid options or servers
 * @throws the socket factory's error if it cannot make a socket
 * @throws the signal's reason when it aborts
 */
export async function observeExternalAddress(
	options: ObserveExternalAddressOptions,
	deps: ObserveExternalAddressDeps,
): Promise<ExternalAddress> {
	checkOptions(options, OPTION_FIELDS, { required: ["servers"] });
	checkOptions(deps, DEP_FIELDS, { required: ["sockets"] });
	const specs = stunServerSpecs(options.servers);
	refuseTlsServers(specs);
	const { signal } = options;
	signal?.throwIfAborted();
	const { sockets, clock = systemClock, random = systemRandom } = deps;
	const socket = await sockets.udp(signal === undefined ? {} : { signal });
	const stun = new StunSocket({ socket }, { clock, random });
	try {
		signal?.throwIfAborted();
		return await new Observation(stun, specs, options, { ...deps, clock, random }).run(signal);
	} finally {
		stun.close();
		await closeUdp(socket);
	}
}

type Done = TallyDecision & { readonly kind: "done" };

/** A server that was asked and has not answered yet. */
interface Asked {
	readonly server: ResolvedStunServer;
	readonly at: number;
}

/** One observation: asks servers as the tally wants them, and ends when the tally has decided. */
class Observation {
	readonly #stun: StunSocket;
	readonly #af: Family;
	readonly #clock: Clock;
	readonly #memory: StunServerMemory;
	readonly #via: string;
	readonly #queue: StunServerQueue;
	readonly #tally: AgreementTally;
	readonly #timeout: number;
	readonly #stop = new AbortController();
	readonly #asked = new Map<string, StunServerSpec>();
	readonly #waiting = new Set<Asked>();
	readonly #running = new Set<Promise<void>>();
	readonly #failures: ExternalAddressFailure[] = [];
	readonly #deadline: number;
	/** How many failures of the queue are reported already. */
	#unresolved = 0;
	#lastAskAt = Number.NEGATIVE_INFINITY;
	#timer: unknown = null;
	#timerAt = Number.POSITIVE_INFINITY;
	#finish: ((decision: Done) => void) | null = null;

	constructor(
		stun: StunSocket,
		specs: readonly StunServerSpec[],
		options: ObserveExternalAddressOptions,
		deps: ObserveExternalAddressDeps & { readonly clock: Clock; readonly random: RandomBytes },
	) {
		const { sockets, memory = processMemory, random, resolver } = deps;
		this.#stun = stun;
		this.#af = sockets.af;
		this.#clock = deps.clock;
		this.#memory = memory;
		this.#via = pathOf(sockets);
		this.#timeout = options.timeout ?? REQUEST_TIMEOUT;
		this.#deadline = this.#clock.now() + this.#timeout;
		this.#queue = new StunServerQueue(
			specs,
			{ af: sockets.af, via: this.#via, timeout: this.#timeout, signal: this.#stop.signal },
			{ sockets: resolverSockets(sockets), memory, random, ...(resolver !== undefined && { resolver }) },
		);
		this.#tally = new AgreementTally(
			{
				minAgree: options.minAgree ?? MIN_AGREE,
				available: Math.min(this.#queue.remaining, options.maxServers ?? Number.POSITIVE_INFINITY),
			},
			this.#clock.now(),
		);
	}

	async run(signal: AbortSignal | undefined): Promise<ExternalAddress> {
		const stop = this.#stop;
		const onAbort = (): void => stop.abort(signal?.reason);
		signal?.addEventListener("abort", onAbort, { once: true });
		try {
			const decided = new Promise<Done>((resolve, reject) => {
				this.#finish = resolve;
				stop.signal.addEventListener("abort", () => reject(stop.signal.reason), { once: true });
			});
			this.#advance();
			const decision = await decided;
			this.#finish = null;
			this.#rememberSlow();
			stop.abort(new Error("the observation is over"));
			await Promise.all(this.#running);
			return this.#report(decision);
		} finally {
			this.#finish = null;
			stop.abort();
			this.#clock.clearTimeout(this.#timer);
			signal?.removeEventListener("abort", onAbort);
		}
	}

	/** Asks as many servers as are wanted now, decides, and sets the timer for the next step. */
	#advance(): void {
		if (this.#finish === null) return;
		const now = this.#clock.now();
		const final = now >= this.#deadline;
		if (final) this.#giveUp(now);
		// Deciding may want more servers, and asking them changes nothing about the decision at this moment.
		const decision = this.#tally.decide(now, final);
		if (decision.kind === "done") {
			this.#finish(decision);
			return;
		}
		let nextAt = Math.min(this.#deadline, decision.until ?? Number.POSITIVE_INFINITY);
		for (let wanted = this.#tally.wanted(now); wanted > 0; wanted--) {
			const allowedAt = this.#tally.asked < ASK_AT_ONCE ? now : this.#lastAskAt + PACE;
			if (allowedAt > now) {
				nextAt = Math.min(nextAt, allowedAt);
				break;
			}
			this.#askNext(now);
		}
		this.#arm(nextAt, now);
	}

	#arm(at: number, now: number): void {
		if (at === this.#timerAt) return;
		this.#clock.clearTimeout(this.#timer);
		this.#timerAt = at;
		this.#timer = this.#clock.setTimeout(
			() => {
				this.#timerAt = Number.POSITIVE_INFINITY;
				this.#advance();
			},
			Math.max(0, Math.ceil(at - now)),
		);
	}

	#askNext(now: number): void {
		this.#tally.ask();
		this.#lastAskAt = now;
		const work = this.#ask().finally(() => {
			this.#running.delete(work);
			this.#advance();
		});
		this.#running.add(work);
	}

	/** Asks one server. It never rejects: whatever happens is told to the tally. */
	async #ask(): Promise<void> {
		const server = await this.#queue.next().catch(() => null);
		if (this.#finish === null) return;
		for (const { spec, error } of this.#queue.failures.slice(this.#unresolved)) this.#fail(spec, spec, error);
		this.#unresolved = this.#queue.failures.length;
		if (server === null) {
			this.#tally.exhausted();
			return;
		}
		this.#tally.limit(this.#queue.remaining);
		const { ip, port, spec } = server;
		this.#asked.set(ip, spec);
		const asked: Asked = { server, at: this.#clock.now() };
		this.#waiting.add(asked);
		try {
			const reply = await this.#stun.request({
				to: { ip, port },
				schedule: OBSERVE_SENDS,
				giveUpAfter: Math.max(0, this.#deadline - asked.at),
				signal: this.#stop.signal,
			});
			this.#record(spec, { kind: "answered", rtt: reply.rtt });
			const mapped = mappedOf(requireSuccess(reply, server), { ip, port });
			this.#tally.vote({
				server: { ip, port },
				...plausible(mapped, { ip, port }, this.#af),
				rtt: reply.rtt,
			});
		} catch (error) {
			if (this.#finish === null) return;
			this.#fail({ ip, port }, spec, error);
			if (error instanceof StunTimeoutError) this.#tally.timeOut();
			else {
				this.#queue.release(server);
				this.#tally.fail();
			}
		} finally {
			this.#waiting.delete(asked);
		}
	}

	#fail(server: ExternalAddressFailure["server"], spec: StunServerSpec, error: unknown): void {
		this.#failures.push({ server, error });
		this.#record(spec, { kind: error instanceof StunAnswerError ? "lied" : "silent" });
	}

	/** The time of everything that is still open is up. */
	#giveUp(now: number): void {
		for (const { server, at } of this.#waiting) {
			const { ip, port, spec } = server;
			const sends = OBSERVE_SENDS.filter((sendAt) => sendAt < now - at).length;
			this.#fail({ ip, port }, spec, new StunTimeoutError({ ip, port }, sends, now - at));
		}
		for (const spec of this.#queue.resolving) {
			this.#fail(spec, spec, new StunTimeoutError({ ip: spec.host, port: spec.port }, 0, this.#timeout));
		}
		this.#waiting.clear();
	}

	#report({ status, ip, reason }: Done): ExternalAddress {
		const { votes, asked } = this.#tally;
		if (status === "agreed") this.#judge(ip);
		return {
			status,
			ip,
			nonPublic: ip !== null && !isPublicIp(ip),
			asked,
			votes,
			dissent: votes.filter((vote) => vote.ip !== ip),
			failures: this.#failures,
			reason,
		};
	}

	/** Remembers who had not answered when others had, so that they are asked later next time. It changes no verdict. */
	#rememberSlow(): void {
		const now = this.#clock.now();
		const slowest = Math.max(...this.#tally.votes.map(({ rtt }) => rtt));
		for (const { server, at } of this.#waiting) {
			if (now - at >= slowest * SLOW_FACTOR) this.#record(server.spec, { kind: "silent" });
		}
	}

	/** Remembers who was right. */
	#judge(ip: string | null): void {
		for (const vote of this.#tally.votes) {
			const spec = this.#asked.get(vote.server.ip);
			if (spec !== undefined) this.#record(spec, { kind: vote.ip === ip ? "agreed" : "lied" });
		}
	}

	#record(spec: StunServerSpec, event: StunServerEvent): void {
		this.#memory.record(spec, event, { via: this.#via });
	}
}

/**
 * The address in an answer, if it can be right: it must be of the family asked, and a public server cannot see a private
 * address.
 *
 * @throws {StunAnswerError} ERR_STUN_ANSWER
 */
function plausible(mapped: Endpoint, server: Endpoint, af: Family): Endpoint {
	const plain = af === 4 && mapped.ip.startsWith("::ffff:") ? mapped.ip.slice(7) : mapped.ip;
	if (!isIp(plain) || ipVersion(plain) !== af) {
		throw new StunAnswerError(server, `answered a request over IPv${af} with ${mapped.ip}`);
	}
	const ip = canonicalIp(plain);
	if (!isPublicIp(ip) && isPublicIp(server.ip)) {
		throw new StunAnswerError(server, `is public, but answered with ${ip}`);
	}
	return { ip, port: mapped.port };
}

/** What tells one path from another in the memory: the local address of the sockets, if they have one. */
function pathOf(sockets: object): string {
	return "localIp" in sockets && typeof sockets.localIp === "string" ? sockets.localIp : "";
}

/** Names are looked up through the same sockets if they are a whole factory, else by the system. */
function resolverSockets(sockets: object): ResolverSockets | null {
	const isWhole = ["nic", "localIp", "connect", "udp"].every((name) => name in sockets);
	return isWhole ? (sockets as ResolverSockets) : null;
}
