import type { LabAvailability } from "./types.js";

/** What becomes of a suite that needs the laboratory. */
export type SuitePlan =
	| { readonly action: "run"; readonly name: string }
	| { readonly action: "skip"; readonly name: string }
	| { readonly action: "fail"; readonly name: string; readonly reason: string; readonly install: string };

/**
 * Decides it: a skipped suite's printed name says why, and `P2PD_LAB=required` makes a failure of a skip.
 * @param required the value of `P2PD_LAB`
 */
export function planSuite(
	name: string,
	availability: LabAvailability,
	required: string | undefined,
): SuitePlan {
	if (availability.ok) return { action: "run", name };
	const { reason, install } = availability;
	if (required === "required") {
		return { action: "fail", name: `${name} (P2PD_LAB=required)`, reason, install };
	}
	return { action: "skip", name: `${name} (skipped: ${reason}; ${install})` };
}
