import type { PipeStats } from "../types.js";

/** The counters of a pipe, while they count. */
export type Counters = { -readonly [Name in keyof PipeStats]: PipeStats[Name] };

/** All counters at zero. */
export function newCounters(): Counters {
	return {
		messagesIn: 0,
		bytesIn: 0,
		messagesOut: 0,
		bytesOut: 0,
		unmatched: 0,
		foreign: 0,
		duplicates: 0,
		relayDropped: 0,
		refused: 0,
	};
}
