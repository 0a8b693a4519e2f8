import { type Clock, type Family, withAbort } from "@p2pd/net";
import { AddressTimeoutError } from "../errors.js";
import type { AskFamily } from "./system.js";

/** Times in ms. */
export interface GatherOptions {
	readonly host: string;
	/** The families to ask for. */
	readonly families: readonly Family[];
	/** For all of them together. */
	readonly timeout: number;
	/** How much longer the others may take once one has an answer. */
	readonly grace: number;
	readonly clock: Clock;
	readonly signal?: AbortSignal | undefined;
}

/** How the lookup of one family ended. */
export type FamilyOutcome =
	| { readonly status: "found"; readonly addresses: readonly string[] }
	/** A definite "none", or no answer: see the error. */
	| { readonly status: "failed"; readonly error: Error }
	/** Still in progress when the grace after the other family's answer had passed. */
	| { readonly status: "late" }
	| { readonly status: "not-asked" };

/** How the lookups of both families ended. */
export type FamilyOutcomes = Readonly<Record<Family, FamilyOutcome>>;

/**
 * Asks for the families at once and says how each lookup ended. It ends when all have, when one has addresses and the
 * grace for the other has passed, or at the deadline if one has addresses by then. Lookups in progress are aborted.
 *
 * @throws AddressTimeoutError at the deadline, or the signal's reason
 */
export function gather(ask: AskFamily, options: GatherOptions): Promise<FamilyOutcomes> {
	const { host, families, timeout, grace, clock, signal } = options;
	return withAbort(signal, (inner, end) => {
		const outcomes = new Map<Family, FamilyOutcome>();
		const outcomeOf = (af: Family): FamilyOutcome =>
			outcomes.get(af) ?? { status: families.includes(af) ? "late" : "not-asked" };
		return new Promise((resolve) => {
			const finish = (): void => resolve({ 4: outcomeOf(4), 6: outcomeOf(6) });
			const isFound = (): boolean => [...outcomes.values()].some(({ status }) => status === "found");
			const timers = [
				clock.setTimeout(() => (isFound() ? finish() : end(new AddressTimeoutError(host, timeout))), timeout),
			];
			const clearAll = (): void => {
				for (const timer of timers) clock.clearTimeout(timer);
			};
			inner.addEventListener("abort", clearAll, { once: true });
			for (const af of families) {
				void settle(ask(af, inner)).then((outcome) => {
					if (inner.aborted) return;
					outcomes.set(af, outcome);
					if (outcomes.size === families.length) finish();
					else if (outcome.status === "found") timers.push(clock.setTimeout(finish, grace));
				});
			}
		});
	});
}

/** The end of a lookup as a value: an error of one family does not end the other's lookup. */
function settle(lookup: Promise<readonly string[]>): Promise<FamilyOutcome> {
	return lookup.then(
		(addresses) => ({ status: "found", addresses }),
		(error: unknown) => ({
			status: "failed",
			error: error instanceof Error ? error : new Error(String(error)),
		}),
	);
}
