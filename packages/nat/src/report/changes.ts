import type { NatChange, NatOptions, NatReport } from "../types.js";

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

/** What differs from an earlier report (pure). What one of them does not know is no change. */
export function changesSince(previous: Compared, now: Pick<NatReport, keyof Compared>): NatChange[] {
	return FIELDS.flatMap((field) => {
		const before = textOf(previous, field);
		const after = textOf(now, field);
		const known = ![before, after].some((text) => text === "" || /^(unknown|not-checked)/.test(text));
		return known && before !== after ? { field, before, after } : [];
	});
}
