import { buildNetwork, ManualClock } from "@p2pd/testnet";
import { describe, test } from "vitest";
import {
	PIPE_CONTRACT,
	type PipeContractEnvironment,
	runPipeContractCase,
} from "../../src/contract/index.js";

/** Two hosts on one segment, 5 ms apart. */
function environment(transport: "tcp" | "udp", af: 4 | 6, linkLocal = false): PipeContractEnvironment {
	const clock = new ManualClock();
	const link = { latency: 2.5 };
	const nic = (last: number) => ({
		name: "eth0",
		addresses: [`45.1.1.${last}/24`, `2a00:1450:4001::${last}/64`, `fe80::${last}/64`],
		gateway: null,
		link,
	});
	const network = buildNetwork(
		{
			outside: [],
			gateways: [],
			hosts: [
				{ name: "here", nics: [nic(1)] },
				{ name: "there", nics: [nic(2)] },
			],
		},
		{ clock },
	);
	const ip = (last: number): string =>
		linkLocal ? `fe80::${last}%eth0` : af === 4 ? `45.1.1.${last}` : `2a00:1450:4001::${last}`;
	return {
		name: `${transport} over ${linkLocal ? "link-local " : ""}IPv${af}`,
		transport,
		serverSockets: network.host("there").sockets(af, "eth0", ip(2)),
		clientSockets: network.host("here").sockets(af, "eth0", ip(1)),
		serverIp: ip(2),
		serverOptions: {},
		clientOptions: {},
		deps: { clock },
		until: (promise) => clock.runUntil(promise),
		settle: () => clock.advance(1000),
	};
}

// TLS is Node's own, over whatever stream: what it does on a socket in memory says nothing more.
const environments = (["tcp", "udp"] as const).flatMap((transport) => [
	() => environment(transport, 4),
	() => environment(transport, 6),
	() => environment(transport, 6, true),
]);

describe.each(environments.map((make) => ({ name: make().name, make })))(
	"the contract in memory: $name",
	({ make }) => {
		const { transport } = make();
		for (const contractCase of PIPE_CONTRACT) {
			if (contractCase.only !== undefined && !contractCase.only.includes(transport)) continue;
			test(contractCase.name, () => runPipeContractCase(contractCase, make()));
		}
	},
);
