import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The 95 % interval of a share (Wilson): between which shares of success `successes` of `runs` are likely. */
export function wilson(successes: number, runs: number): readonly [low: number, high: number] {
	if (runs === 0) return [0, 1];
	const z = 1.96;
	const share = successes / runs;
	const middle = (share + (z * z) / (2 * runs)) / (1 + (z * z) / runs);
	const half =
		(z / (1 + (z * z) / runs)) * Math.sqrt((share * (1 - share)) / runs + (z * z) / (4 * runs * runs));
	return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** The value below which a part `p` of all values lies; NaN for none. */
export function quantile(values: readonly number[], p: number): number {
	const sorted = [...values].sort((x, y) => x - y);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

/** A share in percent, exact where it is all or nothing. */
export function percent(share: number): string {
	return share === 1 || share === 0 ? `${100 * share} %` : `${(100 * share).toFixed(2)} %`;
}

/** A Markdown table with aligned columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((cells) => cells[i]?.length ?? 0)));
	const line = (cells: readonly string[]): string =>
		`| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
	return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** Writes a text between `<!-- name:begin -->` and `<!-- name:end -->` in the README. */
export function writeBetween(name: string, text: string): void {
	const path = fileURLToPath(new URL("../README.md", import.meta.url));
	const readme = readFileSync(path, "utf8");
	const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
	const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
	if (from < 0 || to < from) throw new Error(`the README has no ${begin} ... ${end}`);
	writeFileSync(path, `${readme.slice(0, from + begin.length)}\n${text}\n${readme.slice(to)}`);
}
