import { compareAll } from "@p2pd/testnet/bench";
import { judgeDelta } from "../src/classify/delta.js";
import { judgeMapping } from "../src/classify/mapping.js";
import { runScene } from "../test/scenes/scene.js";

/* What discovery costs this machine, beside its own parts: the network's time is in the README's tables. */

const HOME = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
	allocation: { kind: "equal" },
} as const;
const { report } = await runScene({ gateway: HOME });
const samples = report.evidence.train;
const statements = report.evidence.servers.map(({ ip }, server) => ({
	server,
	ip,
	primary: report.external,
	otherIp: null,
	otherBoth: null,
	pending: false,
	otherPending: false,
	capable: false,
}));
const times = 1000;
const repeat = (act: () => unknown) => () => {
	for (let i = 0; i < times; i++) act();
};

await compareAll([
	{
		name: "judging a port train, beside copying its samples through JSON",
		ops: times,
		baseline: repeat(() => JSON.parse(JSON.stringify(samples))),
		candidate: repeat(() => judgeDelta(samples)),
		floor: 1,
	},
	{
		name: "judging five servers' mappings, beside copying their statements through JSON",
		ops: times,
		baseline: repeat(() => JSON.parse(JSON.stringify(statements))),
		candidate: repeat(() => judgeMapping(statements, null)),
		floor: 0.5,
	},
	{
		name: "a whole discovery with five servers, beside one with a single server",
		baseline: async () => {
			await runScene({ gateway: HOME, servers: 1 });
		},
		candidate: async () => {
			await runScene({ gateway: HOME, servers: 5 });
		},
		rounds: 9,
	},
]);
