import { CASES, runCase } from "../test/scenes/matrix.js";

const rtts = (process.argv[2] ?? "0,10,50,200,600").split(",").map(Number);
for (const rtt of rtts) {
	const rows: [string, number, number][] = [];
	for (const truth of CASES.filter((c) => c.name !== "blocked")) {
		const run = await runCase(truth, { rtt, seed: 1 });
		rows.push([truth.name, Math.round(run.took), run.datagrams]);
	}
	const t = rows.map((r) => r[1]).sort((a, b) => a - b);
	console.log(
		rtt,
		"median",
		t[t.length >> 1],
		"max",
		t.at(-1),
		"goal",
		2 * rtt + 250,
		"datagrams",
		Math.max(...rows.map((r) => r[2])),
	);
	if (process.argv[3]) for (const r of rows) console.log("  ", r.join(" "));
}
