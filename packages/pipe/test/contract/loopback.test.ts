import { kernelRoute } from "@p2pd/route";
import { describe, test } from "vitest";
import {
	PIPE_CONTRACT,
	type PipeContractEnvironment,
	runPipeContractCase,
	settleLoopback,
} from "../../src/contract/index.js";
import { makeAuthority } from "../support/certificate.js";

const authority = makeAuthority();
const identity = authority.issue("127.0.0.1", "::1");

function environment(transport: PipeContractEnvironment["transport"], af: 4 | 6): PipeContractEnvironment {
	const tls = transport === "tls";
	return {
		name: `${transport} over IPv${af}`,
		transport,
		serverSockets: kernelRoute(af),
		clientSockets: kernelRoute(af),
		serverIp: af === 4 ? "127.0.0.1" : "::1",
		serverOptions: tls ? { tls: identity } : {},
		clientOptions: tls ? { tls: { ca: authority.cert } } : {},
		deps: {},
		until: (promise) => promise,
		settle: settleLoopback,
	};
}

const environments = (["tcp", "udp", "tls"] as const).flatMap((transport) =>
	([4, 6] as const).map((af) => environment(transport, af)),
);

describe.each(environments)("the contract on loopback: $name", (env) => {
	for (const contractCase of PIPE_CONTRACT) {
		if (contractCase.only !== undefined && !contractCase.only.includes(env.transport)) continue;
		test(contractCase.name, () => runPipeContractCase(contractCase, env));
	}
});
