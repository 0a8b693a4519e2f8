import { existsSync } from "node:fs";
import type { ClockFact } from "../types.js";

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
