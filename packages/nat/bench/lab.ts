/**
 * The laboratory's table in the README: `npm run lab -- [--write]`.
 *
 * Every kernel NAT of the laboratory, asked by this package against coturn and stund, by coturn's own client
 * (`turnutils_natdiscovery -m` and `-f`, side by side) and by the classic `stun` client.
 */
import { parseArgs } from "node:util";
import { judgeLab, LAB_CASES } from "../test/scenes/lab-judges.js";
import { table, writeBetween } from "./table.js";

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const SHORT: Readonly<Record<string, string>> = {
	"endpoint-independent": "EI",
	"address-dependent": "AD",
	"address-and-port-dependent": "APD",
};
const short = (word: string | null): string => (word === null ? "no answer" : (SHORT[word] ?? word));

const rows: string[][] = [];
for (const truth of LAB_CASES) {
	const { ours, natdiscovery, classic } = await judgeLab(truth);
	const [first] = ours;
	if (first === undefined) continue;
	const { type, mapping, filtering, delta, datagrams } = first.report;
	const line = [
		truth.preset,
		`${type}: ${short(mapping)} / ${short(filtering)}, delta ${delta.type}`,
		ours.map(({ servers, report }) => `${servers} ${report.elapsed}`).join(", "),
		String(datagrams),
		`${short(natdiscovery.says.mapping)} / ${short(natdiscovery.says.filtering)}`,
		String(Math.round(natdiscovery.took)),
		classic === null ? "no IPv6" : String(classic.says),
		classic === null ? "" : String(Math.round(classic.took)),
	];
	rows.push(line);
	console.log(line.join("  |  "));
}
const text = table(
	[
		"preset",
		"this package (type: mapping / filtering, delta)",
		"ms, by servers asked",
		"datagrams",
		"natdiscovery",
		"ms",
		"classic stun",
		"ms",
	],
	rows,
);
if (values.write) writeBetween("lab", text);
else console.log(`\n${text}`);
