import { buildNetwork, NAT_CELLS, oneGateway, type SceneOptions } from "../src/index.js";
import { mirrors } from "../test/memory/mirror.js";
import { observeCell } from "../test/memory/observe-cell.js";

const ROUNDS = 7;

/** One pass over all 45 cells; how long it took, how many were told right, and how many packets were sent. */
async function pass(seed: number, scene: SceneOptions): Promise<{ ms: number; right: number; sent: number }> {
	let right = 0;
	let sent = 0;
	const start = performance.now();
	for (const cell of NAT_CELLS) {
		const network = buildNetwork(oneGateway(cell, scene), { seed, services: mirrors });
		network.watch(({ what }) => {
			if (what === "sent") sent += 1;
		});
		const seen = await observeCell(network);
		const same = seen.mapping === cell.mapping && seen.filtering === cell.filtering;
		if (same && seen.allocation === cell.allocation?.kind) right += 1;
	}
	return { ms: performance.now() - start, right, sent };
}

/** Prints how long the whole matrix of mapping x filtering x allocation takes in real time. */
export async function matrix(): Promise<void> {
	for (const [name, scene] of [
		["no delay", {}],
		["round trip of 100 ms", { link: { latency: 50 } }],
	] as const) {
		const passes = [];
		for (let seed = 1; seed <= ROUNDS; seed++) passes.push(await pass(seed, scene));
		const times = passes.map(({ ms }) => ms).sort((a, b) => a - b);
		const [cold] = passes;
		console.log(
			`matrix, ${name}: 45 cells in ${times[ROUNDS >> 1]?.toFixed(1)} ms (median of ${ROUNDS}; first ` +
				`${cold?.ms.toFixed(1)}, worst ${times.at(-1)?.toFixed(1)}), ${cold?.sent} packets sent, ` +
				`told right: ${Math.min(...passes.map(({ right }) => right))} of 45 in every pass`,
		);
	}
}
