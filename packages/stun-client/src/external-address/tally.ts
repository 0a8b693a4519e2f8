import { ASK_AT_ONCE, ASK_MORE_AFTER, GRACE_PART, MIN_GRACE } from "../defaults.js";
import type { ExternalAddressStatus, ExternalAddressVote } from "./types.js";

/** What the answers amount to so far. */
export type TallyDecision =
	| {
			readonly kind: "wait";
			/** When to decide again if nothing happens before; null: only when something happens. */
			readonly until: number | null;
	  }
	| {
			readonly kind: "done";
			readonly status: ExternalAddressStatus;
			readonly ip: string | null;
			readonly reason: string;
	  };

const WAIT: TallyDecision = { kind: "wait", until: null };

const done = (status: ExternalAddressStatus, ip: string | null, reason: string): TallyDecision => ({
	kind: "done",
	status,
	ip,
	reason,
});

const majorityOf = (servers: number): number => Math.floor(servers / 2) + 1;

/**
 * Decides which servers' answers to accept, and how many servers to ask. It has no socket and no clock.
 *
 * - Five servers are asked at once. An address needs a strict majority of all that were asked.
 * - A server leaves the count only when it fails: refused, unresolvable, or its own time is up. It never leaves because
 *   others were faster. A failed server is replaced by another one.
 * - While all answers agree, a majority is accepted once five servers have answered. If some are slow, the majority is
 *   accepted only after as many further servers were asked and given the time that the others took.
 * - As soon as two answers differ, all servers there are get asked, and the majority must be one of all of them. Two
 *   votes never win against dissent if five or more servers were asked, even if the others stay silent.
 */
export class AgreementTally {
	readonly #minAgree: number;
	readonly #startedAt: number;
	#asked = 0;
	#gone = 0;
	#silent = 0;
	/** Servers that are not asked yet and could be. */
	#remaining: number;
	/** Servers to ask in addition to the first five, because some of these are slow. */
	#extra = 0;
	#graceUntil: number | null = null;
	readonly #counts = new Map<string, number>();
	readonly #votes: ExternalAddressVote[] = [];

	/** @param available how many servers there are at most */
	constructor(options: { readonly minAgree: number; readonly available: number }, now: number) {
		this.#minAgree = options.minAgree;
		this.#remaining = options.available;
		this.#startedAt = now;
	}

	/** How many servers were asked, without those that turned out not to exist. */
	get asked(): number {
		return this.#asked;
	}

	/** All answers, in the order of their arrival. */
	get votes(): readonly ExternalAddressVote[] {
		return this.#votes;
	}

	/** How many further servers to ask at `now`. The caller paces those beyond the first five. */
	wanted(now: number): number {
		const all = this.#counts.size > 1 || now - this.#startedAt >= ASK_MORE_AFTER;
		const goal = all ? Number.POSITIVE_INFINITY : ASK_AT_ONCE + this.#gone + this.#extra;
		return Math.max(0, Math.min(this.#remaining, goal - this.#asked));
	}

	/** A server is being asked. */
	ask(): void {
		this.#asked++;
		this.#remaining--;
	}

	/** A server answered. */
	vote(vote: ExternalAddressVote): void {
		this.#votes.push(vote);
		this.#counts.set(vote.ip, (this.#counts.get(vote.ip) ?? 0) + 1);
	}

	/** A server that was asked has definitely failed. */
	fail(): void {
		this.#gone++;
	}

	/** The time of a server that was asked is up. */
	timeOut(): void {
		this.#silent++;
	}

	/** There was no server left to ask after all: undoes one `ask()`, and no other can follow. */
	exhausted(): void {
		this.#asked--;
		this.#remaining = 0;
	}

	/** The number of servers that can still be asked has become known more precisely. */
	limit(remaining: number): void {
		this.#remaining = Math.min(this.#remaining, remaining);
	}

	/** Decides at `now`. `final`: the time of all servers that have not answered is up. */
	decide(now: number, final = false): TallyDecision {
		const unanswered = this.#asked - this.#gone - this.#votes.length;
		const pending = final ? 0 : unanswered - this.#silent;
		const remaining = final ? 0 : this.#remaining;
		const counted = this.#votes.length + pending;
		const [best] = [...this.#counts].sort(([, a], [, b]) => b - a);
		if (best === undefined) {
			if (pending + remaining > 0) return this.#waitForMore(now);
			return done(
				"unreachable",
				null,
				this.#asked === 0 ? "there was no server to ask" : `none of ${this.#asked} servers answered`,
			);
		}
		const [ip, votes] = best;
		return this.#counts.size > 1
			? this.#decideDissent(ip, votes, {
					counted: counted + remaining,
					open: pending + remaining,
					floor: Math.min(majorityOf(ASK_AT_ONCE), majorityOf(this.#votes.length + unanswered + remaining)),
				})
			: this.#decideUnanimous(ip, votes, { counted, pending, remaining }, now);
	}

	#decideDissent(
		ip: string,
		votes: number,
		{ counted, open, floor }: { counted: number; open: number; floor: number },
	): TallyDecision {
		const needed = Math.max(majorityOf(counted), floor, this.#minAgree);
		if (votes >= needed) return done("agreed", ip, `${votes} of ${counted} servers agree against dissent`);
		// A tie that the open answers could not break is final, and so is a majority out of reach.
		if (open > 0 && votes + open >= needed) return WAIT;
		return done("disputed", null, `the answers differ, and none has ${needed} of ${counted} servers`);
	}

	#decideUnanimous(
		ip: string,
		votes: number,
		{ counted, pending, remaining }: { counted: number; pending: number; remaining: number },
		now: number,
	): TallyDecision {
		const agreed = done("agreed", ip, `${votes} of ${counted} servers agree`);
		if (votes >= Math.max(majorityOf(counted), this.#minAgree)) {
			if (pending === 0 || votes >= ASK_AT_ONCE) return agreed;
			const slowest = Math.max(...this.#votes.map(({ rtt }) => rtt));
			this.#graceUntil ??= now + Math.max(MIN_GRACE, slowest * GRACE_PART);
			if (now < this.#graceUntil) return { kind: "wait", until: this.#graceUntil };
			if (this.#extra > 0 || remaining === 0) return agreed;
			this.#extra = pending;
			this.#graceUntil = now + slowest + Math.max(MIN_GRACE, slowest * GRACE_PART);
			return { kind: "wait", until: this.#graceUntil };
		}
		if (pending + remaining > 0) return this.#waitForMore(now);
		if (counted > 1) {
			return done("disputed", null, `${votes} of ${counted} servers agree, but ${this.#minAgree} must`);
		}
		const reason = this.#asked === 1 ? "one server was asked" : `1 of ${this.#asked} servers answered`;
		return done("single-server", ip, reason);
	}

	#waitForMore(now: number): TallyDecision {
		const moreAt = this.#startedAt + ASK_MORE_AFTER;
		return this.#remaining > 0 && now < moreAt ? { kind: "wait", until: moreAt } : WAIT;
	}
}
