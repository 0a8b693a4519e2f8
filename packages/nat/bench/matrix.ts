/**
 * The matrix of the README: `npm run matrix -- [--seeds 50] [--write]`.
 *
 * Every mapping x filtering x allocation with open, firewall and blocked, on the in-memory network with a manual
 * clock, over seeds: without loss, with loss, and with loss, satellite round trips and liars.
 */
import { parseArgs } from "node:util";
import { falseSilence } from "../src/classify/delta.js";
import { SILENCE_SENDS, SILENCE_SENDS_LOSSY } from "../src/defaults.js";
import { CASES, fewCapable, MANY_SERVERS, runMatrix, type Tally, twoLiars } from "../test/scenes/matrix.js";
import type { Scene } from "../test/scenes/scene.js";
import { quantile, table, writeBetween } from "./table.js";

const { values } = parseArgs({
	options: { seeds: { type: "string", default: "50" }, write: { type: "boolean", default: false } },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);

const SCENES: readonly [string, (seed: number) => Omit<Scene, "gateway">][] = [
	["no loss, 10 ms", () => ({ rtt: 10 })],
	["no loss, 50 ms", () => ({ rtt: 50 })],
	["no loss, 200 ms", () => ({ rtt: 200 })],
	["no loss, 600 ms", () => ({ rtt: 600 })],
	["5 % loss, 50 ms", () => ({ rtt: 50, loss: 0.05 })],
	["50 ms, jitter 20 ms, 5 % loss", () => ({ rtt: 50, loss: 0.05, link: { jitter: 20 } })],
	["10 % loss, 600 ms, 2 liars of 5", (seed) => ({ rtt: 600, loss: 0.1, bad: twoLiars(seed) })],
	...[0, 1, 2, 3, 6].map((capable): [string, (seed: number) => Omit<Scene, "gateway">] => [
		`50 ms, ${capable} of 12 servers can test filtering`,
		(seed) => ({ rtt: 50, servers: MANY_SERVERS, bad: fewCapable(capable, seed) }),
	]),
];

const percent = (count: number, of: number): string =>
	`${((100 * count) / of).toFixed(count === of ? 0 : 2)} %`;

function row(name: string, { runs, type, delta, behaviour, took, datagrams, blockedTook }: Tally): string[] {
	const cell = (aspect: Tally["type"]): string =>
		`${percent(aspect.right, runs)} right, ${aspect.unknown} unknown, ${aspect.wrong} wrong`;
	const times = [0.5, 0.99, 1].map((p) => Math.round(quantile(took, p))).join(" / ");
	const sent = [0.5, 1].map((p) => quantile(datagrams, p)).join(" / ");
	const blocked = Math.round(Math.max(...blockedTook));
	return [name, String(runs), cell(type), cell(behaviour), cell(delta), times, String(blocked), sent];
}

const rows: string[][] = [];
for (const [name, scene] of SCENES) {
	const tally = await runMatrix(name, CASES, seeds, scene);
	const line = row(name, tally);
	rows.push(line);
	console.log(line.join("  |  "));
	for (const miss of tally.misses.slice(0, 20)) console.log(`    ${miss}`);
}
const text = [
	table(
		[
			"network",
			"runs",
			"type",
			"mapping and filtering",
			"delta",
			"ms: median / 99 % / most",
			"blocked by, ms",
			"datagrams: median / most",
		],
		rows,
	),
	"",
	`A test that is answered is silent by loss alone with probability ${falseSilence(0.1, SILENCE_SENDS).toExponential(1)}` +
		` (10 % loss each way, ${SILENCE_SENDS} sends; ${falseSilence(0.1, SILENCE_SENDS_LOSSY).toExponential(1)} with the ` +
		`${SILENCE_SENDS_LOSSY} sends that follow once loss was seen). A false filtering verdict needs it on every trusted ` +
		`server that tests, at least two: ${(falseSilence(0.1, SILENCE_SENDS_LOSSY) ** 2).toExponential(1)}.`,
].join("\n");
console.log(`\n${text}`);
if (values.write) writeBetween("matrix", text);
