import Table from "cli-table3";

/** Breaks a text at its spaces so that no line is wider than `columns`, unless one word alone is. Pure. */
export function wrap(text: string, columns: number): string[] {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(" ")) {
		if (line !== "" && line.length + 1 + word.length > columns) {
			lines.push(line);
			line = word;
		} else line = line === "" ? word : `${line} ${word}`;
	}
	return [...lines, line];
}

/** No lines are drawn: two spaces part the columns. */
const NO_LINES = {
	top: "",
	"top-mid": "",
	"top-left": "",
	"top-right": "",
	bottom: "",
	"bottom-mid": "",
	"bottom-left": "",
	"bottom-right": "",
	left: "",
	"left-mid": "",
	mid: "",
	"mid-mid": "",
	right: "",
	"right-mid": "",
	middle: "  ",
} as const;

const GAP = NO_LINES.middle.length;

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences of colours take no column
const visible = (text: string): number => [...text.replace(/\u001b\[[0-9;]*m/g, "")].length;

/** How wide each column may be so that all fit: the widest ones give way first, none below `least`. Pure. */
export function fitColumns(natural: readonly number[], columns: number, least = 6): number[] {
	const widths = [...natural];
	let excess = widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1) - columns;
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
 * @param columns how many columns there are; Infinity for no limit
 */
export function table(
	head: readonly string[],
	rows: readonly (readonly string[])[],
	columns: number,
): string {
	const natural = head.map((title, index) =>
		Math.max(visible(title), ...rows.flatMap((row) => (row[index] ?? "").split("\n").map(visible))),
	);
	const widths = fitColumns(natural, columns);
	const made = new Table({
		head: [...head],
		chars: NO_LINES,
		colWidths: widths,
		wordWrap: true,
		wrapOnWordBoundary: false,
		style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
	});
	made.push(...rows.map((row) => [...row]));
	return made
		.toString()
		.split("\n")
		.map((line) => line.trimEnd())
		.join("\n");
}
