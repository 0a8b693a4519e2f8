import { GRACE_PART } from "../defaults.js";
import type { AgreementStatus, Vote } from "./types.js";

/** What the answers come to so far. */
export type TallyDecision =
	| {
			readonly kind: "wait";
			/** When to look again even if nobody answers; undefined: only when somebody does. */
			readonly until: number | undefined;
	  }
	| {
			readonly kind: "done";
			readonly status: AgreementStatus;
			readonly ip: string | null;
			readonly reason: string;
	  };

const done = (status: AgreementStatus, ip: string | null, reason: string): TallyDecision => ({
	kind: "done",
	status,
	ip,
	reason,
});

/**
 * Counts the answers of servers that were asked at once. It has no socket and no clock.
 *
 * While all agree, the first `minAgree` win after a grace for dissent: a fifth of the slowest one's round trip.
 * Once two differ, only a majority of all that were *asked* wins, the silent ones included: else some that lie
 * together would only have to be faster than the honest.
 */
export class AgreementTally {
	readonly #minAgree: number;
	#asked: number;
	#pending: number;
	readonly #counts = new Map<string, number>();
	readonly #votes: Vote[] = [];
	#graceUntil: number | undefined;

	/** @param asked how many servers are to be asked */
	constructor(minAgree: number, asked: number) {
		this.#minAgree = minAgree;
		this.#asked = asked;
		this.#pending = asked;
	}

	/** How many servers were asked, or are to be. */
	get asked(): number {
		return this.#asked;
	}

	/** All answers, in their order. */
	get votes(): readonly Vote[] {
		return this.#votes;
	}

	/** A server answered at `now` (ms). */
	vote(vote: Vote, now: number): void {
		this.#pending--;
		this.#votes.push(vote);
		const count = (this.#counts.get(vote.ip) ?? 0) + 1;
		this.#counts.set(vote.ip, count);
		if (this.#graceUntil === undefined && count >= this.#minAgree) {
			this.#graceUntil = now + Math.max(...this.#votes.map(({ rtt }) => rtt)) * GRACE_PART;
		}
	}

	/** A server that was asked will not answer. It keeps its weight in the majority. */
	fail(): void {
		this.#pending--;
	}

	/** A server that was to be asked could not be, so that it never was. */
	withdraw(): void {
		this.#pending--;
		this.#asked--;
	}

	/** What the answers come to at `now`; `final` means that nobody else will be waited for. */
	decide(now: number, final = false): TallyDecision {
		const pending = final ? 0 : this.#pending;
		const [best] = [...this.#counts].sort(([, a], [, b]) => b - a);
		if (best === undefined) {
			if (pending > 0) return { kind: "wait", until: undefined };
			return done(
				"unreachable",
				null,
				this.#asked === 0 ? "there was no server to ask" : "no server answered",
			);
		}
		return this.#counts.size === 1
			? this.#unanimous(best[0], best[1], pending, now)
			: this.#divided(best[0], best[1], pending);
	}

	#unanimous(ip: string, count: number, pending: number, now: number): TallyDecision {
		const of = `${count} of ${this.#asked} servers`;
		if (count >= this.#minAgree) {
			if (pending === 0 || now >= (this.#graceUntil ?? now)) return done("agreed", ip, `${of} agree`);
			return { kind: "wait", until: this.#graceUntil };
		}
		if (pending > 0) return { kind: "wait", until: undefined };
		if (this.#asked === 1) return done("single-server", ip, "one server was asked");
		if (count === 1) return done("single-server", ip, `1 of ${this.#asked} servers answered`);
		if (count === this.#asked) return done("agreed", ip, `all ${count} servers agree`);
		return done("disputed", null, `only ${of} answered, of ${this.#minAgree} that must agree`);
	}

	#divided(ip: string, count: number, pending: number): TallyDecision {
		const majority = Math.floor(this.#asked / 2) + 1;
		const needed = Math.max(majority, Math.min(this.#minAgree, this.#asked));
		if (count >= needed)
			return done("agreed", ip, `${count} of ${this.#asked} servers agree against dissent`);
		if (pending > 0 && count + pending >= needed) return { kind: "wait", until: undefined };
		return done("disputed", null, `the answers differ, and none has ${needed} of ${this.#asked} servers`);
	}
}
