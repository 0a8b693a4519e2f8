import { describe, it } from "vitest";
import { labAvailability } from "./availability.js";
import { LAB_TEST_TIMEOUT } from "./defaults.js";
import { LabUnavailableError } from "./errors.js";

/**
 * A suite that needs the laboratory. Where it cannot be built the suite is skipped, and its printed name says
 * why; with `P2PD_LAB=required` in the environment, as CI has it, the suite fails instead.
 */
export function describeLab(name: string, fn: () => void): void {
	const availability = labAvailability();
	if (availability.ok) {
		describe(name, { timeout: LAB_TEST_TIMEOUT }, fn);
		return;
	}
	const { reason, install } = availability;
	const { P2PD_LAB } = process.env;
	if (P2PD_LAB === "required") {
		it(`${name} (P2PD_LAB=required)`, () => {
			throw new LabUnavailableError(reason, install);
		});
		return;
	}
	describe.skip(`${name} (skipped: ${reason}; ${install})`, fn);
}
