import { INITIAL_RTO, LAST_WAIT_FACTOR, MAX_SENDS } from "../defaults.js";

/** When a request is sent, and when it is given up; all in milliseconds after its start. */
export interface Schedule {
	readonly sendAt: readonly number[];
	readonly giveUpAfter: number;
}

/**
 * RFC 8489 section 6.2.1: after each send the wait doubles, beginning with the RTO; after the last one it is 16
 * times the RTO. With 500 ms: 0, 500, 1500, 3500, 7500, 15500, 31500, and the end at 39500.
 */
export function retransmissionSchedule(rto: number = INITIAL_RTO, sends: number = MAX_SENDS): Schedule {
	const sendAt = Array.from({ length: sends }, (_, nth) => rto * (2 ** nth - 1));
	return { sendAt, giveUpAfter: (sendAt.at(-1) ?? 0) + rto * LAST_WAIT_FACTOR };
}

/** The same sends, as far as they lie within another time. */
export function withGiveUp({ sendAt }: Schedule, giveUpAfter: number): Schedule {
	return { sendAt: sendAt.filter((at) => at < giveUpAfter), giveUpAfter };
}
