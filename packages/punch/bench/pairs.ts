/**
 * The table of the README: `npm run pairs -- [--seeds 10] [--goal-runs 2000] [--workers 2] [--write]`.
 *
 * Every pair of the 23 kinds of NAT on the in-memory network, with a manual clock and seeds: UDP and TCP, 0 and 5 %
 * loss, round trips of 20, 100 and 400 ms, NATs that answer unsolicited SYNs with silence or a reset. With --write the
 * README's summary and the picture `pairs.svg` are made anew.
 */
import { fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { kindName, NAT_KINDS, planPunch } from "../src/index.js";
import { type GridCell, picture } from "./picture.js";
import type { Outcome, Run } from "./run-cell.js";
import { percent, quantile, table, wilson, writeBetween } from "./statistics.js";

const { values } = parseArgs({
	options: {
		seeds: { type: "string", default: "10" },
		"goal-runs": { type: "string", default: "2000" },
		workers: { type: "string", default: "2" },
		write: { type: "boolean", default: false },
	},
});
const seeds = Number(values.seeds);
const goalRuns = Number(values["goal-runs"]);
const RTTS = [20, 100, 400];
const LOSSES = [0, 0.05];
const PAIRS = NAT_KINDS.flatMap((_, a) => NAT_KINDS.slice(a).map((_, i) => [a, a + i] as const));

/** A grid of all cells, then what goals need on top of it. */
function plan(): Run[] {
	const runs: Run[] = [];
	for (const transport of ["udp", "tcp"] as const) {
		for (const syn of transport === "udp" ? (["drop"] as const) : (["drop", "reset"] as const)) {
			for (const [a, b] of PAIRS) {
				for (const loss of LOSSES) {
					for (const rtt of RTTS) {
						for (let seed = 0; seed < seeds; seed++) runs.push({ a, b, transport, rtt, loss, syn, seed });
					}
				}
			}
		}
	}
	const ruled = (transport: "udp" | "tcp", ...rules: string[]) =>
		PAIRS.filter(([a, b]) => {
			const [one, two] = [NAT_KINDS[a], NAT_KINDS[b]];
			return (
				one !== undefined && two !== undefined && rules.includes(planPunch(one, two, { transport }).rule)
			);
		});
	const counts = ({ type, delta }: { readonly type: number; readonly delta: number }): boolean =>
		type === 6 && (delta === 4 || delta === 5);
	const counting = PAIRS.filter((pair) =>
		pair.some((index) => counts(NAT_KINDS[index] ?? { type: 0, delta: 0 })),
	).filter(([a, b]) => ruled("udp", "predicted", "both-predicted").some(([x, y]) => x === a && y === b));
	const spread = (
		goal: string,
		pairs: readonly (readonly [number, number])[],
		conditions: readonly Partial<Run>[],
	): void => {
		for (let n = 0; n < goalRuns; n++) {
			const condition = conditions[n % conditions.length];
			const pair = pairs[Math.floor(n / conditions.length) % pairs.length];
			if (pair === undefined) continue;
			const seed = 1000 + Math.floor(n / conditions.length / pairs.length);
			runs.push({
				a: pair[0],
				b: pair[1],
				transport: "udp",
				rtt: 100,
				loss: 0,
				syn: "drop",
				seed,
				goal,
				...condition,
			});
		}
	};
	const rtts = RTTS.map((rtt) => ({ rtt }));
	spread("birthday, no loss", ruled("udp", "birthday"), rtts);
	spread(
		"birthday, 5 % loss",
		ruled("udp", "birthday"),
		rtts.map((one) => ({ ...one, loss: 0.05 })),
	);
	for (const transport of ["udp", "tcp"] as const) {
		for (const busy of [1, 5]) {
			const conditions = rtts.map((one) => ({ ...one, busy, transport }));
			spread(`${transport}, counting NATs, neighbours open ${busy} flows a second`, counting, conditions);
		}
	}
	for (const syn of ["drop", "reset"] as const) {
		const conditions = rtts.map((one) => ({ ...one, syn, transport: "tcp" as const }));
		spread(`tcp in step, ${syn}`, ruled("tcp", "observed"), conditions);
		spread(
			`tcp 200 ms out of step, ${syn}`,
			ruled("tcp", "observed"),
			conditions.map((one) => ({ ...one, startLate: 200 })),
		);
	}
	return runs;
}

function work(runs: readonly Run[]): Promise<Outcome[]> {
	const outcomes: Outcome[] = new Array(runs.length);
	const count = Number(values.workers);
	let done = 0;
	const workers = Array.from({ length: count }, (_, share) => {
		const own = runs.map((run, index) => [index, run] as const).filter(([index]) => index % count === share);
		return new Promise<void>((resolve, reject) => {
			const worker = fork(fileURLToPath(new URL("./pairs-worker.ts", import.meta.url)), {
				serialization: "advanced",
			});
			worker.send(own);
			worker.on("message", (message) => {
				const part = message as readonly [number, Outcome][];
				for (const [index, outcome] of part) outcomes[index] = outcome;
				done += part.length;
				if (Math.floor(done / 5000) > Math.floor((done - part.length) / 5000))
					console.log(`${done} of ${runs.length}`);
			});
			worker.on("error", reject);
			worker.on("exit", (code) =>
				code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
			);
		});
	});
	return Promise.all(workers).then(() => outcomes);
}

const started = performance.now();
const runs = plan();
const outcomes = await work(runs);
const both = runs
	.map((run, index) => ({ run, outcome: outcomes[index] }))
	.filter((one): one is { run: Run; outcome: Outcome } => one.outcome !== undefined);
type Sample = (typeof both)[number];
const grid = both.filter(({ run }) => run.goal === undefined);

function figures(samples: readonly Sample[]): string[] {
	const good = samples.filter(({ outcome }) => outcome.ok);
	const [low, high] = wilson(good.length, samples.length);
	const times = good.map(({ outcome }) => outcome.elapsed);
	const sent = good.map(({ outcome }) => outcome.sent);
	const whole = (value: number): string => (Number.isNaN(value) ? "" : `${Math.round(value)}`);
	return [
		`${samples.length}`,
		percent(good.length / samples.length),
		`${percent(low)} to ${percent(high)}`,
		`${whole(quantile(times, 0.5))} / ${whole(quantile(times, 0.99))}`,
		`${whole(quantile(sent, 0.5))} / ${whole(quantile(sent, 0.99))}`,
	];
}

const HEAD = [
	"transport",
	"rule",
	"pairs",
	"loss",
	"round trip",
	"runs",
	"success",
	"Wilson 95 %",
	"ms: median / 99 %",
	"sent: median / 99 %",
];
const rows: string[][] = [];
const punched = ["observed", "predicted", "one-comes", "both-predicted", "birthday"];
for (const transport of ["udp", "tcp"] as const) {
	for (const rule of punched) {
		for (const loss of LOSSES) {
			for (const rtt of RTTS) {
				const samples = grid.filter(
					({ run, outcome }) =>
						run.transport === transport && outcome.rule === rule && run.loss === loss && run.rtt === rtt,
				);
				if (samples.length === 0) continue;
				const pairs = new Set(samples.map(({ run }) => `${run.a} ${run.b}`)).size;
				rows.push([transport, rule, `${pairs}`, `${100 * loss} %`, `${rtt} ms`, ...figures(samples)]);
			}
		}
	}
}

/** A goal: how many runs reached it. */
function goal(
	name: string,
	samples: readonly Sample[],
	reached: (sample: Sample) => boolean,
	want: string,
): string[] {
	const good = samples.filter(reached).length;
	const [low, high] = wilson(good, samples.length);
	return [
		name,
		want,
		`${samples.length}`,
		percent(good / samples.length),
		`${percent(low)} to ${percent(high)}`,
	];
}

const ok = ({ outcome }: Sample): boolean => outcome.ok;
const goals: string[][] = [];
for (const transport of ["udp", "tcp"] as const) {
	for (const loss of LOSSES) {
		const samples = grid.filter(
			({ run, outcome }) =>
				run.transport === transport &&
				run.loss === loss &&
				outcome.action === "punch" &&
				outcome.rule !== "birthday",
		);
		goals.push(
			goal(
				`${transport}, predictable pairs, ${100 * loss} % loss`,
				samples,
				ok,
				loss === 0 ? "100 %" : "99 %",
			),
		);
	}
}
for (const name of new Set(runs.flatMap((run) => run.goal ?? []))) {
	const samples = both.filter(({ run }) => run.goal === name);
	if (name.startsWith("birthday")) {
		const within = ({ outcome }: Sample): boolean =>
			outcome.ok && outcome.elapsed <= 3000 && outcome.probes <= 1100;
		goals.push(goal(`udp, ${name}: within 3 s of the call, 1,100 probes`, samples, within, "98 %"));
	} else if (name.startsWith("tcp in step")) {
		const within = ({ run, outcome }: Sample): boolean =>
			outcome.heard !== null && outcome.heard <= 1.3 * run.rtt;
		goals.push(goal(`${name}: connected within 1.3 round trips`, samples, within, "100 %"));
	} else if (name.startsWith("tcp 200 ms")) {
		const within = ({ run, outcome }: Sample): boolean =>
			outcome.heard !== null && outcome.heard <= 250 + 1.5 * run.rtt;
		goals.push(goal(`${name}: connected within 250 ms + 1.5 round trips`, samples, within, "100 %"));
	} else {
		goals.push(goal(name, samples, ok, "reported"));
	}
}
const relays = both.filter(({ outcome }) => outcome.action === "relay");
goals.push(
	goal(
		"relay pairs: said within a round trip",
		relays,
		({ run, outcome }) => outcome.elapsed <= run.rtt,
		"100 %",
	),
);

const seconds = Math.round((performance.now() - started) / 1000);
const text = [
	table(["goal", "wanted", "runs", "reached", "Wilson 95 %"], goals),
	"",
	table(HEAD, rows),
	"",
	`${runs.length.toLocaleString("en")} runs in ${seconds} s on ${values.workers} processes.`,
].join("\n");
console.log(text);

const failures = new Map<string, number>();
for (const { run, outcome } of both) {
	if (outcome.ok || outcome.action === "relay") continue;
	const [one, two] = [NAT_KINDS[run.a], NAT_KINDS[run.b]];
	if (one === undefined || two === undefined) continue;
	const key = `${run.goal ?? run.transport} ${outcome.rule} ${run.loss} ${run.syn}: ${kindName(one)} ${kindName(two)}: ${outcome.reason}`;
	failures.set(key, (failures.get(key) ?? 0) + 1);
}
for (const [key, count] of [...failures].sort((x, y) => y[1] - x[1]).slice(0, 40))
	console.log(`${count} x ${key}`);

function cells(transport: "udp" | "tcp"): GridCell[] {
	return PAIRS.map(([a, b]) => {
		const samples = grid.filter(({ run }) => run.transport === transport && run.a === a && run.b === b);
		const good = samples.filter(ok);
		const relay = samples.every(({ outcome }) => outcome.action === "relay");
		const names = [a, b].map((index) => NAT_KINDS.slice(index, index + 1).map(kindName)).join(" and ");
		const time = Math.round(
			quantile(
				good.map(({ outcome }) => outcome.elapsed),
				0.5,
			),
		);
		const rule = samples[0]?.outcome.rule ?? "";
		const title = `${names}, ${transport}: ${relay ? `relay (${rule})` : `${good.length} of ${samples.length}, median ${time} ms (${rule})`}`;
		const [row, column] = transport === "udp" ? [b, a] : [a, b];
		return { row, column, share: relay ? null : good.length / samples.length, title };
	});
}

if (values.write) {
	const caption = `UDP below the diagonal, TCP above it; all losses and round trips together`;
	writeFileSync(
		fileURLToPath(new URL("../pairs.svg", import.meta.url)),
		picture(cells("udp"), cells("tcp"), caption),
	);
	writeBetween("pairs", text);
}
