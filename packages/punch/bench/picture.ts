import { kindName, NAT_KINDS } from "../src/index.js";

/** One cell of the grid. */
export interface GridCell {
	/** Row and column, indexes of the kinds. */
	readonly row: number;
	readonly column: number;
	/** Share of success, or null where the plan is a relay. */
	readonly share: number | null;
	/** Shown when the pointer rests on the cell. */
	readonly title: string;
}

const CELL = 22;
const LEFT = 190;
const TOP = 150;

/** From red over yellow to green; grey for a relay. */
function colour(share: number | null): string {
	if (share === null) return "#c8ccd0";
	if (share >= 1) return "#1a7f37";
	if (share >= 0.99) return "#4ac26b";
	if (share >= 0.9) return "#bf8700";
	return "#cf222e";
}

const LEGEND: readonly (readonly [string, number | null])[] = [
	["every run succeeded", 1],
	["at least 99 %", 0.99],
	["at least 90 %", 0.9],
	["less", 0],
	["the plan is a relay", null],
];

/** The grid of all pairs as an SVG picture: UDP below the diagonal, TCP above it, UDP | TCP on it. */
export function picture(udp: readonly GridCell[], tcp: readonly GridCell[], caption: string): string {
	const size = NAT_KINDS.length * CELL;
	const names = NAT_KINDS.map(kindName);
	const [width, height] = [LEFT + size + 20, TOP + size + 20 + LEGEND.length * 20 + 20];
	const cell = (x: number, y: number, w: number, { share, title }: GridCell): string =>
		`<rect x="${x}" y="${y}" width="${w}" height="${CELL - 1}" fill="${colour(share)}"><title>${title}</title></rect>`;
	const place = ({ row, column }: GridCell): [number, number] => [LEFT + column * CELL, TOP + row * CELL];
	const rects = [
		...udp.map((one) => {
			const [x, y] = place(one);
			return cell(x, y, one.row === one.column ? CELL / 2 : CELL - 1, one);
		}),
		...tcp.map((one) => {
			const [x, y] = place(one);
			return one.row === one.column ? cell(x + CELL / 2, y, CELL / 2 - 1, one) : cell(x, y, CELL - 1, one);
		}),
	];
	const labels = names.flatMap((name, i) => [
		`<text x="${LEFT - 6}" y="${TOP + i * CELL + 15}" text-anchor="end">${name}</text>`,
		`<text transform="translate(${LEFT + i * CELL + 15} ${TOP - 6}) rotate(-60)">${name}</text>`,
	]);
	const legend = LEGEND.map(([text, share], i) => {
		const y = TOP + size + 20 + i * 20;
		return `<rect x="${LEFT}" y="${y}" width="14" height="14" fill="${colour(share)}"/><text x="${LEFT + 20}" y="${y + 12}">${text}</text>`;
	});
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
		"<title>How often each pair of NATs can be punched</title>",
		`<rect width="${width}" height="${height}" fill="#ffffff"/>`,
		`<text x="10" y="20" font-size="14">${caption}</text>`,
		...labels,
		...rects,
		...legend,
		"</svg>",
		"",
	].join("\n");
}
