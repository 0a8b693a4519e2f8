import type { Finding, Status } from "../types.js";

/** Makes a finding. */
export function finding(
	id: string,
	status: Status,
	what: string,
	evidence: readonly string[] = [],
	advice: string | null = null,
): Finding {
	return { id, status, what, evidence, advice };
}
