import { describe, it } from "vitest";
import { labAvailability } from "./availability.js";
import { LAB_TEST_TIMEOUT } from "./defaults.js";
import { LabUnavailableError } from "./errors.js";
import type { LabAvailability } from "./types.js";

/**
 * A suite that needs the laboratory. Where it cannot be built the suite is skipped, and a printed line says
 * why; with `P2PD_LAB=required` in the environment, as CI has it, the suite fails instead. Its tests may take
 * longer than others.
 */
export function describeLab(name: string, fn: () => void): void {
	const { P2PD_LAB } = process.env;
	const plan = planSuite(name, labAvailability(), P2PD_LAB);
	switch (plan.action) {
		case "run":
			describe(plan.name, { timeout: LAB_TEST_TIMEOUT }, fn);
			break;
		case "skip":
			// The usual reporters leave the names of skipped suites out.
			process.stderr.write(`${plan.name}\n`);
			describe.skip(plan.name, fn);
			break;
		case "fail":
			it(plan.name, () => {
				throw new LabUnavailableError(plan.reason, plan.install);
			});
	}
}

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
