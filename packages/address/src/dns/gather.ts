import type { Clock } from "../clock.js";
import { AddressTimeoutError } from "../errors.js";
import { FAMILIES } from "../family.js";
import type { Family } from "../types.js";
import { abortable } from "../within.js";
import type { AskFamily, FamilyOutcome, FamilyOutcomes } from "./types.js";

/** How long both families together may take. All times in ms. */
export interface GatherOptions {
	readonly host: string;
	readonly timeout: number;
	readonly grace: number;
	readonly clock: Clock;
	readonly signal?: AbortSignal | undefined;
}

/**
 * Asks for both families at once and says how each ended: when both have, when one has addresses and the grace
 * for the other is over, or at the deadline if one has addresses by then. What is still going then is aborted.
 * Rejects with AddressTimeoutError at the deadline, or with the signal's reason.
 */
export function gather(ask: AskFamily, options: GatherOptions): Promise<FamilyOutcomes> {
	const { host, timeout, grace, clock, signal } = options;
	return abortable(signal, (inner, end) => {
		const outcomes = new Map<Family, FamilyOutcome>();
		return new Promise((resolve) => {
			const late: FamilyOutcome = { status: "late" };
			const finish = (): void => resolve({ 4: outcomes.get(4) ?? late, 6: outcomes.get(6) ?? late });
			const isFound = (): boolean => [...outcomes.values()].some(({ status }) => status === "found");
			const timers = [
				clock.setTimeout(() => (isFound() ? finish() : end(new AddressTimeoutError(host, timeout))), timeout),
			];
			const clearAll = (): void => {
				for (const timer of timers) clock.clearTimeout(timer);
			};
			inner.addEventListener("abort", clearAll, { once: true });
			for (const af of FAMILIES) {
				void settle(ask(af, inner)).then((outcome) => {
					if (inner.aborted) return;
					outcomes.set(af, outcome);
					if (outcomes.size === FAMILIES.length) finish();
					else if (outcome.status === "found") timers.push(clock.setTimeout(finish, grace));
				});
			}
		});
	});
}

/** A lookup's end as a value: its errors belong to its family and not to the whole. */
function settle(lookup: Promise<readonly string[]>): Promise<FamilyOutcome> {
	return lookup.then(
		(addresses) => ({ status: "found", addresses }),
		(error: unknown) => ({
			status: "failed",
			error: error instanceof Error ? error : new Error(String(error)),
		}),
	);
}
