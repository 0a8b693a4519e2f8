import { CLOCK_STEP, EARLIEST_TIME } from "../defaults.js";
import type { Facts, Finding } from "../types.js";
import { finding } from "./finding.js";

const ADVICE = "keep the time by NTP: certificates and logs depend on it";

/** Whether the clock can be right. Nobody outside is asked for the time. Pure. */
export function clockFindings({ clock }: Facts): Finding[] {
	const { now, step, synchronised } = clock;
	const evidence = [
		`here it is ${new Date(now).toISOString()}`,
		`against the steady clock it moved ${step} ms meanwhile`,
		`the system ${synchronised === null ? "does not say whether it keeps" : synchronised ? "says that it keeps" : "says that it does not keep"} time by a server`,
	];
	if (now < EARLIEST_TIME) {
		return [
			finding("clock", "fault", "the clock is behind: this program is newer than today", evidence, ADVICE),
		];
	}
	if (Math.abs(step) > CLOCK_STEP) {
		return [finding("clock", "warning", "the clock was set, or jumped, during this check", evidence, ADVICE)];
	}
	if (synchronised === true) return [finding("clock", "ok", "the clock is kept by a time server", evidence)];
	return [
		finding(
			"clock",
			"unknown",
			"the clock runs evenly; whether it is right was not compared with anybody",
			evidence,
			synchronised === false ? ADVICE : null,
		),
	];
}
