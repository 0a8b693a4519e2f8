import { ID_MEMORY, MAX_REMEMBERED_IDS } from "../defaults.js";
import { sameEndpoint } from "../ip-text.js";
import type { HostPort } from "../types.js";
import type { ReplyVerdict, TransactionPlan, TransactionStep } from "./types.js";

interface Running {
	readonly plan: TransactionPlan;
	readonly startedAt: number;
	sends: number;
	lastSendAt: number;
	/** When there is something to do for it again. */
	nextAt: number;
}

/** The next send of a plan of which so many are done, or its end; in ms after its start. */
const nextStep = ({ schedule }: TransactionPlan, sends: number): number =>
	Math.min(schedule.sendAt[sends] ?? schedule.giveUpAfter, schedule.giveUpAfter);

/** The text under which a transaction id is kept. */
export function transactionKey(id: Uint8Array): string {
	return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("latin1");
}

function expects({ expectFrom }: TransactionPlan, from: HostPort): boolean {
	if (expectFrom === "any") return true;
	if ("ip" in expectFrom) return sameEndpoint(expectFrom, from);
	return expectFrom.some((each) => sameEndpoint(each, from));
}

/**
 * The table of requests under way. It has no socket and no clock: it is told what happens and when, and says what
 * is to be sent and what is over. One table serves any number of requests on one socket.
 */
export class StunTransactions {
	readonly #running = new Map<string, Running>();
	/** Finished ids and when they may be forgotten, oldest first. */
	readonly #finished = new Map<string, number>();

	/** How many requests are under way. */
	get size(): number {
		return this.#running.size;
	}

	/** Takes a request on; {@link StunTransactions.due} then says when it is sent. */
	begin(plan: TransactionPlan, now: number): void {
		const nextAt = now + nextStep(plan, 0);
		this.#running.set(plan.key, { plan, startedAt: now, sends: 0, lastSendAt: now, nextAt });
	}

	/** What is due at `now`, the sends of one request in their order. A timed-out request is finished by it. */
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
			// After a long pause of the process several sends are overdue: one datagram makes up for them.
			running.sends = plan.schedule.sendAt.filter((at) => at <= waited).length;
			running.lastSendAt = now;
			running.nextAt = startedAt + nextStep(plan, running.sends);
			steps.push({ kind: "send", key, to: plan.to });
		}
		return steps;
	}

	/** When {@link StunTransactions.due} has something next, on the clock of `now`; undefined when nothing is under way. */
	nextAt(): number | undefined {
		let next: number | undefined;
		for (const { nextAt } of this.#running.values()) if (next === undefined || nextAt < next) next = nextAt;
		return next;
	}

	/** What a reply with this id from this source means. */
	judge(key: string, from: HostPort, now: number): ReplyVerdict {
		const running = this.#running.get(key);
		if (running !== undefined && running.sends > 0) {
			if (!expects(running.plan, from)) return { kind: "wrong-source", key };
			return { kind: "reply", key, rtt: now - running.lastSendAt, sends: running.sends };
		}
		return this.#finished.has(key) ? { kind: "late", key } : { kind: "foreign" };
	}

	/** Ends a request: answered, cancelled or failed. Its id stays known as late for a while. */
	finish(key: string, now: number): void {
		if (!this.#running.delete(key)) return;
		this.#finished.set(key, now + ID_MEMORY);
		for (const [oldest, until] of this.#finished) {
			if (until > now && this.#finished.size <= MAX_REMEMBERED_IDS) break;
			this.#finished.delete(oldest);
		}
	}
}
