import { printable } from "@p2pd/core/net";
import type { Colours } from "../output/output.js";
import { wrap } from "../output/text.js";
import type { Finding, Status } from "./types.js";

/** A finding's status as a word of one width. */
const WORD_WIDTH = "not-checked".length;
const GAP = "  ";
/** With fewer columns for the text, it goes under the status, not beside it. */
const LEAST_TEXT = 30;

/**
 * The findings in brief: one line for each, advice only where something is wrong, and one line for a family that the
 * machine does not have while it has the other.
 */
export function briefFindings(findings: readonly Finding[]): Finding[] {
	const address = (af: 4 | 6): Status | undefined =>
		findings.find(({ id }) => id === `address.${af}`)?.status;
	const absent = ([4, 6] as const).filter(
		(af) => address(af) === "warning" && address(af === 4 ? 6 : 4) === "ok",
	);
	const isAboutAbsent = ({ id }: Finding): boolean =>
		absent.some((af) => id.endsWith(`.${af}`) && id !== `address.${af}`);
	return findings
		.filter((finding) => finding.status === "fault" || !isAboutAbsent(finding))
		.map((finding) => ({
			...finding,
			evidence: [],
			advice: finding.status === "fault" || finding.status === "warning" ? finding.advice : null,
		}));
}

/** The findings for a person: status, what, evidence and advice, wrapped to the terminal. */
export function reportText(findings: readonly Finding[], colours: Colours, columns: number): string {
	const idWidth = Math.max(...findings.map(({ id }) => id.length));
	const beside = WORD_WIDTH + idWidth + 2 * GAP.length;
	const indent = columns - beside >= LEAST_TEXT ? beside : 2;
	return findings.map((finding) => findingText(finding, { colours, columns, indent, idWidth })).join("\n");
}

interface Form {
	readonly colours: Colours;
	readonly columns: number;
	readonly indent: number;
	readonly idWidth: number;
}

function findingText(finding: Finding, { colours, columns, indent, idWidth }: Form): string {
	const { id, status, what, evidence, advice } = finding;
	const block = (text: string): string[] => wrap(printable(text), columns - indent);
	const head = `${paint(colours, status)(status.padEnd(WORD_WIDTH))}${GAP}${colours.bold(id.padEnd(idWidth))}`;
	const whatLines = block(what);
	const rest = [
		...evidence.flatMap(block).map(colours.dim),
		...(advice === null ? [] : block(`-> ${advice}`)),
	];
	const indented = (lines: readonly string[]): string[] => lines.map((line) => " ".repeat(indent) + line);
	if (indent <= GAP.length) return [head.trimEnd(), ...indented([...whatLines, ...rest])].join("\n");
	const [first = "", ...more] = whatLines;
	return [`${head}${GAP}${first}`, ...indented([...more, ...rest])].join("\n");
}

/** Colour never stands alone: the word says the same. */
function paint(colours: Colours, status: Status): (text: string) => string {
	switch (status) {
		case "ok":
			return colours.green;
		case "warning":
			return colours.yellow;
		case "fault":
			return colours.red;
		case "unknown":
			return colours.cyan;
		case "not-checked":
			return colours.dim;
	}
}

/** The whole in a line. Pure. */
export function summaryText(findings: readonly Finding[]): string {
	const count = (status: Status): number => findings.filter((finding) => finding.status === status).length;
	const part = (status: Status, one: string, many: string): string[] => {
		const n = count(status);
		return n === 0 ? [] : [`${n} ${n === 1 ? one : many}`];
	};
	const parts = [
		...part("fault", "fault", "faults"),
		...part("warning", "warning", "warnings"),
		...part("ok", "thing ok", "things ok"),
		...part("unknown", "unknown", "unknown"),
		...part("not-checked", "not checked", "not checked"),
	];
	return parts.join(", ");
}
