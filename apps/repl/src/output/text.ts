import { printable } from "@p2pd/core/net";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

/** Two spaces between the columns of a table. */
const GAP = "  ";
/** No column of a table gets narrower than this. */
const LEAST_COLUMN = 6;

/** Breaks text at its spaces so that no line is wider than `columns`. A longer word is broken too. */
export function wrap(text: string, columns: number): string[] {
	if (!Number.isFinite(columns)) return text.split("\n");
	return wrapAnsi(text, Math.max(1, columns), { hard: true }).split("\n");
}

/** A text in a table. Each line of it is made printable, then coloured: foreign text never reaches the terminal raw. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

/** How wide each column may be so that all fit: the widest give way first, none below `least`. */
export function fitColumns(natural: readonly number[], columns: number, least = LEAST_COLUMN): number[] {
	const widths = [...natural];
	let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - columns;
	while (excess > 0) {
		const widest = widths.indexOf(Math.max(...widths));
		const width = widths[widest];
		if (width === undefined || width <= least) break;
		widths[widest] = width - 1;
		excess--;
	}
	return widths;
}

/**
 * Rows as aligned columns under a head. Where the terminal is narrower than the table, the widest columns wrap.
 *
 * @param columns how many columns the terminal has; Infinity for no limit
 */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], columns: number): string {
	const cells = [head, ...rows].map((row) => head.map((_, index) => cellLines(row[index] ?? "")));
	const natural = head.map((_, index) =>
		Math.max(...cells.flatMap((row) => row[index]?.lines.map((line) => stringWidth(line)) ?? [])),
	);
	const widths = fitColumns(natural, columns);
	return cells.flatMap((row) => rowLines(row, widths)).join("\n");
}

interface CellLines {
	readonly lines: readonly string[];
	readonly paint: (text: string) => string;
}

function cellLines(cell: Cell): CellLines {
	const { text, paint } = typeof cell === "string" ? { text: cell, paint: (plain: string) => plain } : cell;
	return { lines: text.split("\n").map(printable), paint };
}

/** One row of a table, as the lines that it takes. Text is wrapped and padded before it is coloured. */
function rowLines(row: readonly CellLines[], widths: readonly number[]): string[] {
	const wrapped = row.map(({ lines, paint }, index) => ({
		lines: lines.flatMap((line) => wrap(line, widths[index] ?? Number.POSITIVE_INFINITY)),
		paint,
	}));
	const height = Math.max(...wrapped.map(({ lines }) => lines.length));
	return Array.from({ length: height }, (_, at) =>
		wrapped
			.map(({ lines, paint }, index) => {
				const line = lines[at] ?? "";
				const isLast = index === wrapped.length - 1;
				const padding = isLast ? "" : " ".repeat(Math.max(0, (widths[index] ?? 0) - stringWidth(line)));
				return (line === "" ? "" : paint(line)) + padding;
			})
			.join(GAP)
			.trimEnd(),
	);
}

/** Controls and bidirectional characters that JSON leaves as they are, and a terminal obeys. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A value as JSON that is safe to print: the same value to a parser, but no control or bidirectional character in it. */
export function safeJson(value: unknown, indent?: number): string {
	return (JSON.stringify(value, null, indent) ?? "null").replace(
		UNSAFE_IN_JSON,
		(character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}
