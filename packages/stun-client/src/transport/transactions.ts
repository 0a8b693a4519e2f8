import { canonicalIp, isIp } from "@p2pd/address";
import { type Endpoint, is, sameEndpoint } from "@p2pd/net";
import { checkArgument, checkTime } from "../arguments.js";
import {
	ID_MEMORY,
	INITIAL_RTO,
	LAST_WAIT_FACTOR,
	MAX_REMEMBERED_IDS,
	MAX_RTO,
	MAX_RTO_ENTRIES,
	MAX_SENDS,
	MIN_MEASURED_RTO,
	RTO_LIFETIME,
} from "../defaults.js";

/** Where a reply may come from. "any": only the id is checked. */
export type ExpectedSource = Endpoint | readonly Endpoint[] | "any";

/** A request to send until it is answered or given up. */
export interface TransactionPlan {
	/** The id, as {@link transactionKey} writes it. */
	readonly key: string;
	readonly to: Endpoint;
	readonly expectFrom: ExpectedSource;
	readonly schedule: Schedule;
}

/** What to do now. */
export type TransactionStep =
	| { readonly kind: "send"; readonly key: string; readonly to: Endpoint }
	| { readonly kind: "timeout"; readonly key: string; readonly sends: number; readonly waited: number };

/** What the id and the source of a datagram mean. */
export type ReplyVerdict =
	/** A valid reply. The transaction goes on until it is finished. */
	| {
			readonly kind: "reply";
			readonly key: string;
			/** Milliseconds since the last send. Certain only when `sends` is 1. */
			readonly rtt: number;
			readonly sends: number;
	  }
	/** The id of a running request, but from a source that was not asked. */
	| { readonly kind: "wrong-source"; readonly key: string }
	/** The id of a finished request: a reply to a retransmission, or one that arrived too late. */
	| { readonly kind: "late"; readonly key: string }
	/** An unknown id. */
	| { readonly kind: "foreign" };

/** When a request is sent and when it is given up, in milliseconds after its start. */
export interface Schedule {
	readonly sendAt: readonly number[];
	readonly giveUpAfter: number;
}

/**
 * The retransmissions of RFC 8489 section 6.2.1: the first wait is the RTO, each further one twice as long, and the
 * last one 16 times the RTO. With 500 ms: sends at 0, 500, 1500, 3500, 7500, 15500 and 31500, the end at 39500.
 */
export function retransmissionSchedule(rto: number = INITIAL_RTO, sends: number = MAX_SENDS): Schedule {
	checkTime("rto", rto);
	checkArgument(sends, "sends", is.whole(1, 100));
	const sendAt = Array.from({ length: sends }, (_, nth) => rto * (2 ** nth - 1));
	return { sendAt, giveUpAfter: (sendAt.at(-1) ?? 0) + rto * LAST_WAIT_FACTOR };
}

/** The same schedule, cut off at another time. */
export function withGiveUp({ sendAt }: Schedule, giveUpAfter: number): Schedule {
	return { sendAt: sendAt.filter((at) => at < giveUpAfter), giveUpAfter };
}

interface Estimate {
	readonly smoothed: number;
	readonly variation: number;
	readonly at: number;
}

const timeoutOf = ({ smoothed, variation }: Estimate): number =>
	Math.min(MAX_RTO, Math.max(MIN_MEASURED_RTO, smoothed + 4 * variation));

/** The first retransmission time after a single measured round trip (RFC 6298 section 2.2). */
export function rtoFromRtt(rtt: number): number {
	checkTime("rtt", rtt);
	return timeoutOf({ smoothed: rtt, variation: rtt / 2, at: 0 });
}

/**
 * Learns the retransmission time of each server (RFC 8489 section 6.2.1, by the rules of RFC 6298): 500 ms at first,
 * then what the round trips say. It is kept for each IP and forgotten after 10 minutes without use.
 */
export class RtoTable {
	readonly #estimates = new Map<string, Estimate>();

	/** The time to the first retransmission to a server, in ms. */
	rto(ip: string, now: number): number {
		const known = this.#estimates.get(ip);
		if (known === undefined || now - known.at > RTO_LIFETIME) return INITIAL_RTO;
		return timeoutOf(known);
	}

	/** Adds the round trip of a request that was sent only once (Karn's algorithm, RFC 6298 section 3). */
	learn(ip: string, rtt: number, now: number): void {
		const known = this.#estimates.get(ip);
		const next: Estimate =
			known === undefined || now - known.at > RTO_LIFETIME
				? { smoothed: rtt, variation: rtt / 2, at: now }
				: {
						smoothed: (7 * known.smoothed + rtt) / 8,
						variation: (3 * known.variation + Math.abs(known.smoothed - rtt)) / 4,
						at: now,
					};
		this.#estimates.delete(ip);
		this.#estimates.set(ip, next);
		if (this.#estimates.size > MAX_RTO_ENTRIES) {
			for (const oldest of this.#estimates.keys()) {
				this.#estimates.delete(oldest);
				break;
			}
		}
	}
}

interface Running {
	readonly plan: TransactionPlan;
	readonly startedAt: number;
	sends: number;
	lastSendAt: number;
	/** When something is due for it again. */
	nextAt: number;
}

/** When the next send of a plan is due after so many sends, or when the plan ends, in ms after its start. */
const nextStep = ({ schedule }: TransactionPlan, sends: number): number =>
	Math.min(schedule.sendAt[sends] ?? schedule.giveUpAfter, schedule.giveUpAfter);

/** A transaction id as a key for maps. */
export function transactionKey(id: Uint8Array): string {
	return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("latin1");
}

/** The socket and the caller may write the same IPv6 address differently. */
function isSame(expected: Endpoint, from: Endpoint): boolean {
	if (sameEndpoint(expected, from)) return true;
	if (expected.port !== from.port || !isIp(expected.ip) || !isIp(from.ip)) return false;
	return canonicalIp(expected.ip) === canonicalIp(from.ip);
}

function expects({ expectFrom }: TransactionPlan, from: Endpoint): boolean {
	if (expectFrom === "any") return true;
	if ("ip" in expectFrom) return isSame(expectFrom, from);
	return expectFrom.some((each) => isSame(each, from));
}

/**
 * The table of running requests. It has no socket and no clock: it is told what happens and when, and answers with what
 * to send and what is over. One table serves any number of requests on one socket.
 */
export class StunTransactions {
	readonly #running = new Map<string, Running>();
	/** The ids of finished requests and when to forget them, oldest first. */
	readonly #finished = new Map<string, number>();

	/** How many requests are running. */
	get size(): number {
		return this.#running.size;
	}

	/** Adds a request. {@link StunTransactions.due} says when to send it. */
	begin(plan: TransactionPlan, now: number): void {
		const nextAt = now + nextStep(plan, 0);
		this.#running.set(plan.key, { plan, startedAt: now, sends: 0, lastSendAt: now, nextAt });
	}

	/** What is due at `now`. A request that has timed out is finished by this call. */
	due(now: number): TransactionStep[] {
		const steps: TransactionStep[] = [];
		for (const [key, running] of this.#running) {
			if (running.nextAt > now) continue;
			const { plan, startedAt } = running;
			const waited = now - startedAt;
			if (waited >= plan.schedule.giveUpAfter) {
				steps.push({ kind: "timeout", key, sends: running.sends, waited });
				this.finish(key, now);
				continue;
			}
			// After a long pause of the process several sends may be overdue; one datagram is enough.
			running.sends = plan.schedule.sendAt.filter((at) => at <= waited).length;
			running.lastSendAt = now;
			running.nextAt = startedAt + nextStep(plan, running.sends);
			steps.push({ kind: "send", key, to: plan.to });
		}
		return steps;
	}

	/** When {@link StunTransactions.due} has something to do next, on the clock of `now`; undefined if no request is running. */
	nextAt(): number | undefined {
		let next: number | undefined;
		for (const { nextAt } of this.#running.values()) if (next === undefined || nextAt < next) next = nextAt;
		return next;
	}

	/** What a reply with this id from this source means. */
	judge(key: string, from: Endpoint, now: number): ReplyVerdict {
		const running = this.#running.get(key);
		if (running !== undefined && running.sends > 0) {
			if (!expects(running.plan, from)) return { kind: "wrong-source", key };
			return { kind: "reply", key, rtt: now - running.lastSendAt, sends: running.sends };
		}
		return this.#finished.has(key) ? { kind: "late", key } : { kind: "foreign" };
	}

	/** Ends a request that was answered, cancelled or refused. Late replies to it are recognised for a while. */
	finish(key: string, now: number): void {
		if (!this.#running.delete(key)) return;
		this.#finished.set(key, now + ID_MEMORY);
		for (const [oldest, until] of this.#finished) {
			if (until > now && this.#finished.size <= MAX_REMEMBERED_IDS) break;
			this.#finished.delete(oldest);
		}
	}
}
