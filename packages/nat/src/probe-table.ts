import { type Endpoint, sameEndpoint } from "@p2pd/net";
import type { TestResult } from "./classify/types.js";
import {
	INITIAL_RTO,
	INITIAL_SPACING,
	REFUSALS,
	RTO_CEILING,
	RTO_FACTOR,
	RTO_FLOOR,
	RTO_MARGIN,
	SERVER_TIMEOUT,
	SILENCE_SENDS,
	SPACING_CEILING,
	SPACING_DIVISOR,
	SPACING_FLOOR,
	TAIL_MARGIN,
	TEST_SPACING_CEILING,
	TEST_SPACING_DIVISOR,
	TEST_SPACING_FLOOR,
	UNPROVEN_SENDS,
} from "./defaults.js";
import type { ProbeAnswer, ProbeReply, ProbeSpec, ProbeState, SocketName } from "./probes.js";

/** A probe with its history. */
export interface Probe {
	spec: ProbeSpec;
	/** It is in the present plan, so it may be sent again. */
	wanted: boolean;
	/** When it was sent, each time. */
	readonly sends: number[];
	answer: ProbeAnswer | null;
	failure: string | null;
}

/** Every probe with its history, and what follows from time alone: round trips, what is due, what is silent. */
export class ProbeTable {
	readonly #probes = new Map<string, Probe>();
	readonly #refused = new Map<string, number>();
	/** Shortest and longest round trip, by server. */
	readonly #rtt = new Map<number, { min: number; max: number }>();
	readonly #firstSentAt = new Map<number, number>();
	#datagrams = 0;
	#frozen = false;

	/** Datagrams sent so far. */
	get datagrams(): number {
		return this.#datagrams;
	}

	/** All probes in the order in which they were planned. */
	all(): Iterable<Probe> {
		return this.#probes.values();
	}

	get(id: string): Probe | undefined {
		return this.#probes.get(id);
	}

	/** Whether nothing more is sent: then what was sent is waited for, and the rest is over. */
	freeze(frozen: boolean): void {
		this.#frozen = frozen;
	}

	get isFrozen(): boolean {
		return this.#frozen;
	}

	/** Take a new plan: what is not in it any more is not sent again, and not waited for longer than an answer takes. */
	plan(specs: readonly ProbeSpec[]): void {
		for (const probe of this.#probes.values()) {
			if (probe.spec.role !== "train" && probe.spec.role !== "hairpin") probe.wanted = false;
		}
		for (const spec of specs) this.add(spec);
	}

	/** Take a planned probe in; one that is known already may get more sends, never fewer. */
	add(spec: ProbeSpec): void {
		const known = this.#probes.get(spec.id);
		if (known === undefined) {
			this.#probes.set(spec.id, { spec, wanted: true, sends: [], answer: null, failure: null });
		} else {
			known.wanted = true;
			known.spec = { ...spec, maxSends: Math.max(spec.maxSends, known.spec.maxSends) };
		}
	}

	/** A send is made now. */
	sent(id: string, now: number): number {
		const probe = this.#probes.get(id);
		if (probe === undefined) throw new Error(`no probe ${id}`);
		this.#datagrams++;
		const { server } = probe.spec;
		if (!this.#firstSentAt.has(server)) this.#firstSentAt.set(server, now);
		return probe.sends.push(now) - 1;
	}

	/** A send was answered. The first answer counts. */
	answered(id: string, send: number, reply: ProbeReply, now: number): void {
		const probe = this.#probes.get(id);
		const sentAt = probe?.sends[send];
		if (probe === undefined || sentAt === undefined || probe.answer !== null) return;
		const rtt = now - sentAt;
		probe.answer = { ...reply, at: now, send, rtt };
		const { server, role } = probe.spec;
		if (role === "hairpin") return;
		const seen = this.#rtt.get(server) ?? { min: rtt, max: rtt };
		this.#rtt.set(server, { min: Math.min(rtt, seen.min), max: Math.max(rtt, seen.max) });
	}

	/** The system refused a send. Once may be chance (a full buffer); twice is a reason to give up. */
	sendFailed(id: string, failure: string): void {
		const times = (this.#refused.get(id) ?? 0) + 1;
		this.#refused.set(id, times);
		if (times >= REFUSALS) this.failed(id, failure);
	}

	failed(id: string, failure: string): void {
		const probe = this.#probes.get(id);
		if (probe !== undefined && probe.answer === null) probe.failure = failure;
	}

	/**
	 * The round trip that repetitions are paced by, in ms: the longest to that server; of any server while it has not
	 * answered; null while none has.
	 */
	rtt(server: number): number | null {
		const own = this.ownRtt(server);
		if (own !== null || this.#rtt.size === 0) return own;
		return Math.max(...[...this.#rtt.values()].map(({ max }) => max));
	}

	/** When the first datagram was sent; Infinity before that. */
	get firstSentAt(): number {
		return Math.min(...this.#firstSentAt.values());
	}

	/** The longest round trip seen to a server in ms, or null while it has not answered. */
	ownRtt(server: number): number | null {
		return this.#rtt.get(server)?.max ?? null;
	}

	/** The largest difference between the round trips to one server, in ms. */
	get jitter(): number {
		return Math.max(0, ...[...this.#rtt.values()].map(({ min, max }) => max - min));
	}

	/** An address has answered a probe that was sent to it. */
	hasAnswered(ip: string): boolean {
		return [...this.#probes.values()].some(
			({ spec, answer }) => spec.to.ip === ip && answer !== null && sameEndpoint(answer.from, spec.to),
		);
	}

	/** An address was sent as many probes as one that never answered may be sent, and none can still be answered. */
	isExhausted(ip: string, now: number): boolean {
		const probes = [...this.#probes.values()].filter(({ spec }) => spec.to.ip === ip);
		const sends = probes.reduce((sum, probe) => sum + probe.sends.length, 0);
		return (
			sends >= UNPROVEN_SENDS && probes.every((probe) => probe.sends.length === 0 || this.isOver(probe, now))
		);
	}

	/** When the next send is due; null if there is none. */
	dueAt({ spec, wanted, sends, answer, failure }: Probe): number | null {
		if (this.#frozen || answer !== null || failure !== null || !wanted || sends.length >= spec.maxSends)
			return null;
		const last = sends[sends.length - 1];
		if (last === undefined) return Number.NEGATIVE_INFINITY;
		const own = this.ownRtt(spec.server);
		// Silence is to be expected of these, so waiting for the answer before the next send would gain nothing.
		if (spec.role === "filter" && own !== null) return last + spacing(own);
		return last + waitAfter(sends.length, this.rtt(spec.server));
	}

	/**
	 * When the last send's answer is overdue; null if it was answered or will be sent again. A server that has never
	 * answered has until its own time-out, however fast the others are.
	 */
	overdueAt({ spec, wanted, sends, answer, failure }: Probe): number | null {
		if (answer !== null || failure !== null) return null;
		const { server, role } = spec;
		const own = this.ownRtt(server);
		if (own === null && role !== "hairpin") {
			const first = this.#firstSentAt.get(server);
			return first === undefined ? Number.POSITIVE_INFINITY : first + SERVER_TIMEOUT;
		}
		if (wanted && !this.#frozen && sends.length < spec.maxSends) return null;
		const last = sends[sends.length - 1];
		return last === undefined ? Number.NEGATIVE_INFINITY : last + tailAfter(own, this.jitter);
	}

	/** Sent twice or more, and the answer to the first send is overdue. */
	isQuiet({ spec, sends, answer, failure }: Probe, now: number): boolean {
		const [first] = sends;
		if (answer !== null || failure !== null || first === undefined || sends.length < 2) return false;
		return now >= first + waitAfter(1, this.rtt(spec.server));
	}

	/** Nothing can come of it any more. */
	isOver(probe: Probe, now: number): boolean {
		if (probe.answer !== null || probe.failure !== null) return true;
		const overdue = this.overdueAt(probe);
		return overdue !== null && now >= overdue;
	}

	/** All probes as plain data, by id. */
	states(now: number): ReadonlyMap<string, ProbeState> {
		const states = new Map<string, ProbeState>();
		for (const [id, probe] of this.#probes) {
			const { spec, sends, answer, failure } = probe;
			states.set(id, {
				spec,
				sends: [...sends],
				answer,
				failure,
				isOver: this.isOver(probe, now),
				isQuiet: this.isQuiet(probe, now),
			});
		}
		return states;
	}

	/** The same by id; what was not planned is not over. */
	isOverId(id: string, now: number): boolean {
		const probe = this.#probes.get(id);
		return probe !== undefined && this.isOver(probe, now);
	}

	hasBeenSent(id: string): boolean {
		return (this.#probes.get(id)?.sends.length ?? 0) > 0;
	}

	hasAnswerOrFailure(id: string): boolean {
		const probe = this.#probes.get(id);
		return probe !== undefined && (probe.answer !== null || probe.failure !== null);
	}

	/** Is an answer to it still to be expected? Not planned is not expected. */
	isPending(id: string, now: number): boolean {
		const probe = this.#probes.get(id);
		return probe !== undefined && !this.isOver(probe, now);
	}

	/** Sent out, waited for, and not answered. */
	isSilent(id: string, now: number): boolean {
		const probe = this.#probes.get(id);
		return probe !== undefined && probe.answer === null && probe.failure === null && this.isOver(probe, now);
	}

	/** What became of a test whose reply has to come from `expected`. */
	test(id: string, expected: Endpoint | null, now: number): TestResult {
		const probe = this.#probes.get(id);
		if (probe === undefined || expected === null || probe.failure !== null) return "none";
		if (probe.answer !== null) {
			const right = probe.answer.errorStatus === null && sameEndpoint(probe.answer.from, expected);
			return right ? "reply" : "none";
		}
		if (!this.isOver(probe, now)) return "pending";
		// Fewer sends than that are no test but a look: their silence says nothing.
		return probe.sends.length >= SILENCE_SENDS ? "silent" : "none";
	}

	/** A server that answers left a question unanswered for a round trip, or answered only a later send. */
	lossSeen(): boolean {
		for (const { spec, sends, answer } of this.#probes.values()) {
			if (this.ownRtt(spec.server) === null) continue;
			if (answer !== null && answer.send > 0) return true;
			const mayBeSilent = spec.role === "filter" || spec.role === "control";
			if (answer === null && !mayBeSilent && sends.length > 1) return true;
		}
		return false;
	}
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** How long to wait after send number `sends` (from 1) before the next, ms; `rtt` null: not known yet. */
export function waitAfter(sends: number, rtt: number | null): number {
	if (rtt === null) return sends === 1 ? INITIAL_RTO : INITIAL_SPACING;
	if (sends === 1) return clamp(rtt * RTO_FACTOR + RTO_MARGIN, RTO_FLOOR, RTO_CEILING);
	return clamp(rtt / SPACING_DIVISOR, SPACING_FLOOR, SPACING_CEILING);
}

/** The time between sends of a test that is expected to stay silent, in ms. */
function spacing(rtt: number): number {
	return clamp(rtt / TEST_SPACING_DIVISOR, TEST_SPACING_FLOOR, TEST_SPACING_CEILING);
}

/** How long after the last send an answer is still expected, in ms. */
export function tailAfter(rtt: number | null, jitter = 0): number {
	return rtt === null ? Number.POSITIVE_INFINITY : rtt * RTO_FACTOR + jitter + TAIL_MARGIN;
}

type State =
	| { readonly kind: "opening" }
	| { readonly kind: "open"; readonly port: number }
	| { readonly kind: "failed"; readonly reason: string };

/** Which sockets were asked for, and what came of it. */
export class SocketStates {
	readonly #states = new Map<SocketName, State>();

	has(socket: SocketName): boolean {
		return this.#states.has(socket);
	}

	asked(socket: SocketName): void {
		this.#states.set(socket, { kind: "opening" });
	}

	opened(socket: SocketName, port: number): void {
		this.#states.set(socket, { kind: "open", port });
	}

	failed(socket: SocketName, reason: string): void {
		this.#states.set(socket, { kind: "failed", reason });
	}

	port(socket: SocketName): number | null {
		const state = this.#states.get(socket);
		return state?.kind === "open" ? state.port : null;
	}

	failure(socket: SocketName): string | null {
		const state = this.#states.get(socket);
		return state?.kind === "failed" ? state.reason : null;
	}

	isOpening(socket: SocketName): boolean {
		return this.#states.get(socket)?.kind === "opening";
	}
}
