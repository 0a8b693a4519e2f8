import { describe, it } from "vitest";
import { labAvailability } from "./availability.js";
import { LAB_TEST_TIMEOUT } from "./defaults.js";
import { LabUnavailableError } from "./errors.js";
import { planSuite } from "./plan-suite.js";

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
