/*
 * `npm run matrix`: `p2pd connect` between every pair of the laboratory's networks, with a laboratory, a broker and a node of
 * its own for each pair and new processes for each run. Prints a row a pair: the ways that worked, and the times.
 *
 *   npm run matrix -- --runs 20 --transport udp --pairs homeRouter,symmetricRouter
 */
import { parseArgs } from "node:util";
import { LAB_PRESETS } from "@p2pd/testnet/lab";
import { PeerLab, type Preset, pairTopology } from "../test/support/peer-lab.js";

const { values } = parseArgs({
	options: {
		runs: { type: "string", default: "1" },
		transport: { type: "string", default: "tcp" },
		pairs: { type: "string" },
	},
});
const presets = (values.pairs?.split(",") ?? Object.keys(LAB_PRESETS)) as Preset[];
const runs = Number(values.runs);
let connected = 0;
let all = 0;

for (const dialer of presets) {
	for (const answerer of presets) {
		const row = await runPair(dialer, answerer);
		console.log(`${dialer} -> ${answerer} (${values.transport}): ${row}`);
	}
}
console.log(`${connected} of ${all} connected`);

async function runPair(dialer: Preset, answerer: Preset): Promise<string> {
	let peers: PeerLab;
	try {
		peers = await PeerLab.build(pairTopology(dialer, answerer));
	} catch (error) {
		return `no laboratory: ${(error as Error).message.split("\n", 1)[0]}`;
	}
	try {
		const family = [dialer, answerer].some((preset) => /^(?:ipv6Only|prefix|ipv6Block)/.test(preset)) ? 6 : 4;
		const broker = await peers.broker(family);
		const node = await peers.node("b", ["--signal", broker.url]);
		const paths = new Map<string, number>();
		const times: number[] = [];
		for (let run = 0; run < runs; run++) {
			const report = await peers.connect("a", node.address, ["--transport", values.transport]);
			const path = report.path ?? "none";
			paths.set(path, (paths.get(path) ?? 0) + 1);
			all++;
			if (report.path !== null) {
				connected++;
				times.push(report.ms);
			}
		}
		times.sort((a, b) => a - b);
		const ways = [...paths].map(([path, count]) => `${path} ${count}`).join(", ");
		return times.length === 0
			? ways
			: `${ways}; median ${times[times.length >> 1]} ms, worst ${times.at(-1)} ms`;
	} catch (error) {
		return `failed: ${(error as Error).message.split("\n", 1)[0]}`;
	} finally {
		await peers.close();
	}
}
