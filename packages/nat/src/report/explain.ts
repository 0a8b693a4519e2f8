import { DELTA_TYPES, NAT_TYPES } from "../nat-types.js";
import type { DiscoverySnapshot } from "../snapshot.js";
import type { NatChange, NatOptions, NatReport } from "../types.js";

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

/** Why the verdict is what it is, for a person (pure). */
export function explain(report: Omit<NatReport, "reason" | "changes">, snapshot: DiscoverySnapshot): string {
	const { knowledge, ending, train } = snapshot;
	const asked = count(report.agreement.asked, "server");
	if (ending === "no-socket") {
		return `No UDP socket could be made: ${snapshot.socketFailure ?? "no reason given"}.`;
	}
	if (ending === "blocked") {
		return `Blocked: ${asked} stayed silent for ${report.elapsed} ms.`;
	}
	if (ending === "unanswered") {
		return `Unknown: ${asked} stayed silent, and the silence of one server proves nothing.`;
	}
	const problems = knowledge.servers.filter(({ alive }) => !alive).flatMap((server) => server.problems);
	if (knowledge.servers.every(({ alive }) => !alive)) {
		return problems.length > 0
			? `Unknown: no server could be asked: ${[...new Set(problems)].join("; ")}.`
			: `Unknown: none of ${asked} has answered yet.`;
	}
	const head = report.type === "unknown" ? "Unknown" : `Type ${report.type}, ${NAT_TYPES[report.type].short}`;
	const lines = [`${head}.`, `Mapping ${report.mapping}: ${knowledge.mapping.reason}.`];
	lines.push(`Filtering ${report.filtering}: ${knowledge.filtering.reason}.`);
	if (report.delta.type === 1) lines.push("Ports: nothing is translated.");
	else if (report.delta.type === "unknown") {
		lines.push(`Ports unknown: ${train.judgement?.reason ?? train.failure ?? "they were not tested"}.`);
	} else lines.push(`Ports ${DELTA_TYPES[report.delta.type].short}: ${train.judgement?.reason ?? ""}.`);
	const suspects = report.evidence.servers.filter(({ standing }) => standing === "suspect");
	if (suspects.length > 0) {
		lines.push(`${count(suspects.length, "server")} contradicted the others and did not count.`);
	}
	if (report.agreement.asked === 1) lines.push("Only one server was asked, so no other could contradict it.");
	else if (report.singleServer)
		lines.push("Only one server could test the filtering, so no other could contradict it.");
	return lines.join(" ");
}

type Compared = NonNullable<NatOptions["previous"]>;

const FIELDS = [
	"type",
	"mapping",
	"filtering",
	"delta",
	"externalIps",
] as const satisfies readonly NatChange["field"][];

function textOf(report: Compared, field: NatChange["field"]): string {
	if (field === "delta") return `${report.delta.type} (${report.delta.value})`;
	if (field === "externalIps") return report.externalIps.join(", ");
	return String(report[field]);
}

/** What differs from an earlier report (pure). A field that one of the two does not know has not changed. */
export function changesSince(previous: Compared, now: Pick<NatReport, keyof Compared>): NatChange[] {
	return FIELDS.flatMap((field) => {
		const before = textOf(previous, field);
		const after = textOf(now, field);
		const known = ![before, after].some((text) => text === "" || /^(unknown|not-checked)/.test(text));
		return known && before !== after ? [{ field, before, after }] : [];
	});
}
