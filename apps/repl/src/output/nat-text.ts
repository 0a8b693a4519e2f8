import type { NatJson, NatReport } from "@p2pd/core";

/** What a NAT's text needs of its report: which part was found out. */
type Known = Pick<NatReport, "type" | "mapping" | "filtering" | "delta">;

/**
 * A NAT in a line: P2PD's texts and numbers, what is assumed rather than known, and why.
 *
 * @param report the report behind it; null where no test was made
 */
export function natText(nat: NatJson, report: Known | null): string {
	const type = `${nat.nat_info} (type ${nat.type})`;
	const step = nat.delta.value === 0 ? "" : ` by ${nat.delta.value}`;
	const delta = `${nat.delta_info}${step} (delta ${nat.delta.type})`;
	// Where nothing gets through there are no ports to speak of.
	if (nat.type === 7) return type;
	if (!nat.assumed) return `${type}, ${delta}`;
	const reason = nat.reason === undefined ? "" : `. ${nat.reason}`;
	if (report === null || (report.type === "unknown" && report.delta.type === "unknown")) {
		return `not known${seen(report)}; assumed: ${type}, ${delta}${reason}`;
	}
	return report.type === "unknown"
		? `type not known${seen(report)}; assumed: ${type}. Ports: ${delta}${reason}`
		: `${type}. Ports not known; assumed: ${delta}${reason}`;
}

/** What was seen although it does not make a type. */
function seen(report: Known | null): string {
	if (report === null) return "";
	const parts = [
		...(report.mapping === "unknown" ? [] : [`mapping ${report.mapping}`]),
		...(report.filtering === "unknown" || report.filtering === "not-checked"
			? []
			: [`filtering ${report.filtering}`]),
	];
	return parts.length > 0 ? ` (${parts.join(", ")})` : "";
}
