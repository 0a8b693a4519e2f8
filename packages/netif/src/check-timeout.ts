import { LONGEST_TIMEOUT } from "./defaults.js";
import { InvalidTimeoutError } from "./errors.js";

/** A timeout as it is, if it is one. @throws InvalidTimeoutError (ERR_NETIF_INVALID_TIMEOUT) */
export function checkTimeout(timeout: number): number {
	if (typeof timeout === "number" && timeout >= 0 && timeout <= LONGEST_TIMEOUT) return timeout;
	throw new InvalidTimeoutError(timeout);
}
