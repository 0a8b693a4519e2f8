import { existsSync } from "node:fs";
import { CLOCK_STEP, EARLIEST_TIME } from "./defaults.js";
import { finding } from "./findings/link.js";
import type { ClockFact, Facts, Finding } from "./types.js";

/** What systemd-timesyncd and, where they follow its convention, others leave once the clock is right. */
const SYNCHRONISED = "/run/systemd/timesync/synchronized";
/** There where systemd keeps the time, whether it is right yet or not. */
const KEEPER = "/run/systemd/timesync";

/** Begins to watch the clock; call the result at the end. */
export function watchClock(): () => ClockFact {
	const now = Date.now();
	const monotonic = performance.now();
	return () => ({
		now,
		step: Math.round(Date.now() - now - (performance.now() - monotonic)),
		synchronised: existsSync(KEEPER) ? existsSync(SYNCHRONISED) : null,
	});
}

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
