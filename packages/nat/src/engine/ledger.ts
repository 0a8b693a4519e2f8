import type { HostPort } from "@p2pd/stun-client";
import type { TestResult } from "../classify/types.js";
import { REFUSALS, SILENCE_SENDS } from "../defaults.js";
import { tailAfter, waitAfter } from "./timing.js";
import type { Probe, ProbeReply, ProbeSpec } from "./types.js";

const sameEnd = (a: HostPort, b: HostPort): boolean => a.ip === b.ip && a.port === b.port;

/** Every probe with its history, and what follows from time alone: round trips, what is due, what is silent. */
export class Ledger {
	readonly #probes = new Map<string, Probe>();
	readonly #refused = new Map<string, number>();
	readonly #rtt = new Map<number, number>();
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
		if (role !== "hairpin") this.#rtt.set(server, Math.max(rtt, this.#rtt.get(server) ?? 0));
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

	/** The longest round trip seen to a server; of any server while it has not answered; null while none has. */
	rtt(server: number): number | null {
		const own = this.#rtt.get(server);
		if (own !== undefined) return own;
		return this.#rtt.size === 0 ? null : Math.max(...this.#rtt.values());
	}

	ownRtt(server: number): number | null {
		return this.#rtt.get(server) ?? null;
	}

	/** When the next send is due; null if there is none. */
	dueAt({ spec, wanted, sends, answer, failure }: Probe): number | null {
		if (this.#frozen || answer !== null || failure !== null || !wanted || sends.length >= spec.maxSends)
			return null;
		const last = sends[sends.length - 1];
		return last === undefined
			? Number.NEGATIVE_INFINITY
			: last + waitAfter(sends.length, this.rtt(spec.server));
	}

	/** When the last send's answer is overdue; null if it was answered or will be sent again. */
	overdueAt({ spec, wanted, sends, answer, failure }: Probe): number | null {
		if (answer !== null || failure !== null) return null;
		if (wanted && !this.#frozen && sends.length < spec.maxSends) return null;
		const last = sends[sends.length - 1];
		return last === undefined ? Number.NEGATIVE_INFINITY : last + tailAfter(this.rtt(spec.server));
	}

	/** Nothing can come of it any more. */
	isOver(probe: Probe, now: number): boolean {
		if (probe.answer !== null || probe.failure !== null) return true;
		const overdue = this.overdueAt(probe);
		return overdue !== null && now >= overdue;
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
	test(id: string, expected: HostPort | null, now: number): TestResult {
		const probe = this.#probes.get(id);
		if (probe === undefined || expected === null || probe.failure !== null) return "none";
		if (probe.answer !== null) {
			const right = probe.answer.errorStatus === null && sameEnd(probe.answer.from, expected);
			return right ? "reply" : "none";
		}
		if (!this.isOver(probe, now)) return "pending";
		// Fewer sends than that are no test but a look: their silence says nothing.
		return probe.sends.length >= SILENCE_SENDS ? "silent" : "none";
	}

	/** A question that has to be answered was not, by a round trip's end, or only a later send was answered. */
	lossSeen(): boolean {
		if (this.#rtt.size === 0) return false;
		for (const { spec, sends, answer } of this.#probes.values()) {
			if (answer !== null && answer.send > 0) return true;
			const mayBeSilent = spec.role === "filter" || spec.role === "control" || spec.role === "hairpin";
			if (answer === null && !mayBeSilent && sends.length > 1) return true;
		}
		return false;
	}
}
