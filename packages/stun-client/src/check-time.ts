import { LONGEST_TIME } from "./defaults.js";
import { StunConfigError } from "./errors.js";

/**
 * A time in ms as it is, if it is one. What is no number would never be over, and be due at every turn: a request
 * that is sent without end.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG otherwise
 */
export function checkTime(name: string, ms: number): number {
	if (ms >= 0 && ms <= LONGEST_TIME && typeof ms === "number") return ms;
	throw new StunConfigError(`${name} is 0 to ${LONGEST_TIME} ms, not ${String(ms)}`);
}
