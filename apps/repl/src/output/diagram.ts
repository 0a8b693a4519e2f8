import type { Family, Interface } from "@p2pd/core";
import { printable } from "@p2pd/core/net";
import stringWidth from "string-width";
import { wrap } from "./text.js";

/** One station on the way from this host to the outside. */
interface DiagramBox {
	readonly title: string;
	readonly lines: readonly string[];
}

/** The stations of one family: this host's NIC, the NAT, and the outside. */
export interface DiagramRow {
	readonly af: Family;
	readonly boxes: readonly DiagramBox[];
}

/** Columns of a box's text at most; longer text wraps. */
const BOX_COLUMNS = 26;
const WIRE = 5;

/** What there is to draw of a started interface: one row for each family that has routes. Foreign text is made printable. */
export function diagramRows(nic: Interface, families: readonly Family[]): DiagramRow[] {
	return families.map((af) => {
		const own = nic.info?.addresses.filter((address) => address.af === af && address.scope !== "link") ?? [];
		const verified = nic.routes(af).routes.filter((route) => route.isVerified);
		const external = verified.flatMap((route) => route.extIps.map(withoutHostPrefix));
		const report = nic.natReports[af];
		const nat = nic.toJSON().nat_by_af[af];
		const natLines =
			nat === null
				? ["not tested"]
				: [
						`${nat.nat_info} (${nat.type}${nat.assumed === true ? ", assumed" : ""})`,
						...(report === null ? [] : [`mapping: ${report.mapping}`, `filtering: ${report.filtering}`]),
						`ports: delta ${nat.delta.type}`,
					];
		const box = (title: string, lines: readonly string[]): DiagramBox => ({
			title: printable(title),
			lines: lines.map(printable),
		});
		return {
			af,
			boxes: [
				box(
					`${nic.name}, IPv${af}`,
					own.map(({ ip, cidr }) => (cidr === null ? ip : `${ip}/${cidr}`)),
				),
				box("NAT", natLines),
				box("outside", external.length > 0 ? [...new Set(external)] : [nic.reasons[af] ?? "not known"]),
			],
		};
	});
}

const withoutHostPrefix = (range: { toString(): string }): string => String(range).replace(/\/(32|128)$/, "");

/** Rows as text: boxes beside each other where they fit into `columns`, else one above the other. */
export function diagramText(rows: readonly DiagramRow[], columns: number): string {
	return rows.map(({ boxes }) => rowText(boxes.map(wrapped), columns)).join("\n\n");
}

const wrapped = ({ title, lines }: DiagramBox): DiagramBox => ({
	title: wrap(title, BOX_COLUMNS)[0] ?? "",
	lines: lines.flatMap((line) => wrap(line, BOX_COLUMNS)),
});

function rowText(boxes: readonly DiagramBox[], columns: number): string {
	const widths = boxes.map(({ title, lines }) =>
		Math.max(...[title, ...lines].map((line) => stringWidth(line))),
	);
	const total = widths.reduce((sum, width) => sum + width + 4, 0) + WIRE * (boxes.length - 1);
	const height = Math.max(...boxes.map(({ lines }) => lines.length)) + 1;
	if (total > columns) {
		const width = Math.max(...widths);
		return boxes
			.map((box) => boxLines(box, width, box.lines.length + 1).join("\n"))
			.join(`\n${" ".repeat(3)}│\n`);
	}
	const drawn = boxes.map((box, index) => boxLines(box, widths[index] ?? 0, height));
	const wireAt = Math.floor((height + 2) / 2);
	return Array.from({ length: height + 2 }, (_, line) =>
		drawn.map((box) => box[line] ?? "").join((line === wireAt ? "─" : " ").repeat(WIRE)),
	).join("\n");
}

/** A box with `height` lines of text in it. */
function boxLines({ title, lines }: DiagramBox, width: number, height: number): string[] {
	const text = [title, ...lines, ...Array<string>(Math.max(0, height - lines.length - 1)).fill("")];
	const row = (line: string): string => `│ ${line}${" ".repeat(width - stringWidth(line))} │`;
	return [`┌${"─".repeat(width + 2)}┐`, ...text.map(row), `└${"─".repeat(width + 2)}┘`];
}

const FONT = 14;
const LINE = 20;
/** A character of the monospaced font is about this much of its size wide. */
const ADVANCE = 0.62;

/** Rows as an SVG picture that follows the reader's light or dark colours. */
export function diagramSvg(rows: readonly DiagramRow[]): string {
	const drawn = rows.map(({ boxes }) => boxes.map(wrapped));
	const most = Math.max(...drawn.map((boxes) => boxes.length));
	const widths = Array.from({ length: most }, (_, index) =>
		Math.max(
			...drawn.flatMap((boxes) => {
				const box = boxes[index];
				return box === undefined ? [0] : [box.title, ...box.lines].map((line) => stringWidth(line));
			}),
		),
	);
	const pixels = widths.map((width) => Math.ceil(width * FONT * ADVANCE) + 24);
	const lefts = pixels.map(
		(_, index) => 10 + pixels.slice(0, index).reduce((sum, width) => sum + width + 50, 0),
	);
	let top = 10;
	const parts = drawn.map((boxes) => {
		const height = (Math.max(...boxes.map(({ lines }) => lines.length)) + 1) * LINE + 16;
		const shapes = boxes.map((box, index) => svgBox(box, lefts[index] ?? 0, top, pixels[index] ?? 0, height));
		const wires = boxes.slice(1).map((_, index) => {
			const from = (lefts[index] ?? 0) + (pixels[index] ?? 0);
			const y = top + height / 2;
			return `<line x1="${from}" y1="${y}" x2="${from + 50}" y2="${y}"/>`;
		});
		top += height + 20;
		return [...shapes, ...wires].join("\n");
	});
	const width = Math.max(...lefts.map((left, index) => left + (pixels[index] ?? 0))) + 10;
	return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}">
<title>From this host through its NAT to the outside</title>
<style>
rect { fill: none } rect, line { stroke: #57606a; stroke-width: 1.5 }
text { font: ${FONT}px ui-monospace, monospace; fill: #24292f } .title { font-weight: bold }
@media (prefers-color-scheme: dark) { rect, line { stroke: #8b949e } text { fill: #e6edf3 } }
</style>
${parts.join("\n")}
</svg>
`;
}

function svgBox(
	{ title, lines }: DiagramBox,
	left: number,
	top: number,
	width: number,
	height: number,
): string {
	const text = [title, ...lines].map(
		(line, index) =>
			`<text${index === 0 ? ' class="title"' : ""} x="${left + 12}" y="${top + LINE * (index + 1)}">${escaped(line)}</text>`,
	);
	return [`<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="6"/>`, ...text].join("\n");
}

const escaped = (text: string): string =>
	text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
