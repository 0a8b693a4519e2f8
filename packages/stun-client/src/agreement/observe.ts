import { randomBytes } from "node:crypto";
import { isPublicIp } from "@p2pd/address";
import { checkTime } from "../check-time.js";
import { mappedOf, requireSuccess } from "../client/mapping.js";
import { systemClock } from "../clock.js";
import { MAX_SERVERS, MIN_AGREE, REQUEST_TIMEOUT } from "../defaults.js";
import { StunAnswerError, StunTimeoutError } from "../errors.js";
import { addressLookup } from "../servers/lookup.js";
import { type Lookup, resolveStunServer } from "../servers/resolve.js";
import type { ResolvedServer, StunServerSpec } from "../servers/types.js";
import { closeUdp } from "../socket/close-udp.js";
import { StunSocket } from "../socket/stun-socket.js";
import type { Clock, Family, HostPort, RandomBytes } from "../types.js";
import { believable } from "./believable.js";
import { processStanding, type ServerStanding } from "./standing.js";
import { AgreementTally, type TallyDecision } from "./tally.js";
import type { ExternalAddress, ObserveDeps, ObserveOptions, Vote, VoteFailure } from "./types.js";

const asSpec = (server: StunServerSpec | HostPort): StunServerSpec =>
	"host" in server ? server : { host: server.ip, port: server.port };

const nameOf = ({ host, port }: StunServerSpec): string => `${host} ${port}`;

/** A number of [0, 1) from random bytes. */
const draw = (random: RandomBytes): number => {
	const bytes = random(4);
	return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
};

/** One observation under way: asks, counts, and ends when the tally has decided. */
class Observation {
	readonly #stun: StunSocket;
	readonly #af: Family;
	readonly #clock: Clock;
	readonly #standing: ServerStanding;
	readonly #lookup: Lookup;
	readonly #tally: AgreementTally;
	readonly #queue: StunServerSpec[];
	readonly #timeout: number;
	readonly #stop = new AbortController();
	readonly #asked = new Map<string, StunServerSpec>();
	readonly #failures: VoteFailure[] = [];
	/** Names that are being looked up. */
	readonly #resolving = new Set<StunServerSpec>();
	#deadline = 0;
	#timer: unknown;
	#decide: ((decision: TallyDecision & { kind: "done" }) => void) | undefined;

	constructor(stun: StunSocket, options: ObserveOptions & ObserveDeps, clock: Clock, random: RandomBytes) {
		this.#stun = stun;
		this.#af = options.sockets.af;
		this.#clock = clock;
		this.#standing = options.standing ?? processStanding;
		this.#lookup = options.lookup ?? addressLookup(options.sockets);
		this.#timeout = checkTime("timeout", options.timeout ?? REQUEST_TIMEOUT);
		const usable = options.servers.map(asSpec).filter(({ families }) => families?.includes(this.#af) ?? true);
		this.#queue = this.#standing.order(usable, nameOf, () => draw(random));
		this.#tally = new AgreementTally(
			options.minAgree ?? MIN_AGREE,
			Math.min(options.maxServers ?? MAX_SERVERS, this.#queue.length),
		);
	}

	async run(signal: AbortSignal | undefined): Promise<ExternalAddress> {
		const stop = this.#stop;
		const abort = (): void => stop.abort(signal?.reason);
		signal?.addEventListener("abort", abort, { once: true });
		this.#deadline = this.#clock.now() + this.#timeout;
		// The requests end at the deadline by themselves; what is not even asked by then ends just after.
		const backstop = this.#clock.setTimeout(() => this.#giveUp(), this.#timeout + 1);
		try {
			const decided = new Promise<TallyDecision & { kind: "done" }>((resolve, reject) => {
				this.#decide = resolve;
				stop.signal.addEventListener("abort", () => reject(signal?.reason), { once: true });
			});
			const slots = Array.from({ length: this.#tally.asked }, () => this.#slot());
			this.#look(false);
			const decision = await decided.finally(() => {
				this.#decide = undefined;
				stop.abort();
			});
			await Promise.all(slots);
			return this.#report(decision);
		} finally {
			this.#clock.clearTimeout(backstop);
			this.#clock.clearTimeout(this.#timer);
			signal?.removeEventListener("abort", abort);
		}
	}

	/** Asks one server; a name that cannot be resolved, or is a server already asked, makes room for the next. */
	async #slot(): Promise<void> {
		for (let spec = this.#queue.shift(); spec !== undefined; spec = this.#queue.shift()) {
			const server = await this.#resolve(spec);
			if (this.#stop.signal.aborted) return;
			if (server === undefined) continue;
			await this.#ask(server);
			return;
		}
		this.#tally.withdraw();
		this.#look(false);
	}

	async #resolve(spec: StunServerSpec): Promise<ResolvedServer | undefined> {
		this.#resolving.add(spec);
		try {
			const server = await resolveStunServer(spec, {
				af: this.#af,
				lookup: this.#lookup,
				signal: this.#stop.signal,
			});
			// Two names of one address, or two names of one operator, are no two witnesses.
			const taken = [server.ip, ...(spec.operator === undefined ? [] : [`operator ${spec.operator}`])];
			if (taken.some((each) => this.#asked.has(each))) return undefined;
			for (const each of taken) this.#asked.set(each, spec);
			return server;
		} catch (error) {
			if (!this.#stop.signal.aborted) this.#fail(spec, spec, error);
			return undefined;
		} finally {
			this.#resolving.delete(spec);
		}
	}

	async #ask({ spec, ip, port }: ResolvedServer): Promise<void> {
		const server = { ip, port };
		try {
			const reply = await this.#stun.request({
				to: server,
				giveUpAfter: Math.max(0, this.#deadline - this.#clock.now()),
				signal: this.#stop.signal,
			});
			const seen = believable(mappedOf(requireSuccess(reply, server), server), server, this.#af);
			this.#tally.vote({ server, ...seen, rtt: reply.rtt }, this.#clock.now());
		} catch (error) {
			if (this.#stop.signal.aborted) return;
			this.#fail(server, spec, error);
			this.#tally.fail();
		}
		this.#look(false);
	}

	#fail(server: VoteFailure["server"], spec: StunServerSpec, error: unknown): void {
		this.#failures.push({ server, error });
		this.#standing.record(nameOf(spec), error instanceof StunAnswerError ? "lied" : "dead");
	}

	/** Asks the tally, and sets the timer for the end of the grace. */
	#look(final: boolean): void {
		const now = this.#clock.now();
		const decision = this.#tally.decide(now, final);
		if (decision.kind === "done") {
			this.#decide?.(decision);
			return;
		}
		this.#clock.clearTimeout(this.#timer);
		this.#timer =
			decision.until === undefined
				? undefined
				: this.#clock.setTimeout(() => this.#look(false), Math.max(0, Math.ceil(decision.until - now)));
	}

	/** What is still being looked up has had its time. */
	#giveUp(): void {
		for (const spec of this.#resolving) {
			this.#fail(spec, spec, new StunTimeoutError({ ip: spec.host, port: spec.port }, 0, this.#timeout));
		}
		this.#look(true);
	}

	#report({ status, ip, reason }: TallyDecision & { kind: "done" }): ExternalAddress {
		const { votes, asked } = this.#tally;
		if (status === "agreed") this.#judge(votes, ip);
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

	#judge(votes: readonly Vote[], ip: string | null): void {
		for (const vote of votes) {
			const spec = this.#asked.get(vote.server.ip);
			if (spec !== undefined) this.#standing.record(nameOf(spec), vote.ip === ip ? "agreed" : "lied");
		}
	}
}

/**
 * Finds the external address behind the given sockets by asking several servers at once, from one socket. Whatever
 * the servers do, and whether they do anything, is a result and not an error.
 *
 * @throws the signal's reason when it was aborted
 * @throws the socket factory's error when it can make no socket
 * @throws {StunConfigError} ERR_STUN_CONFIG for a timeout that is none
 */
export async function observeExternalAddress(
	options: ObserveOptions & ObserveDeps,
): Promise<ExternalAddress> {
	const { sockets, signal, clock = systemClock, random = randomBytes } = options;
	signal?.throwIfAborted();
	const socket = await sockets.udp(signal === undefined ? {} : { signal });
	const stun = new StunSocket({ socket }, { clock, random });
	try {
		return await new Observation(stun, options, clock, random).run(signal);
	} finally {
		stun.close();
		await closeUdp(socket);
	}
}
