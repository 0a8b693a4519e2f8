import { kernelRoute } from "@p2pd/route";
import { describe, test } from "vitest";
import { makeAuthority } from "../support/certificate.js";
import { CONTRACT } from "./cases.js";
import { type Environment, runCase, settleReal } from "./environment.js";

const authority = makeAuthority();
const identity = authority.issue("127.0.0.1", "::1");

function environment(transport: Environment["transport"], af: 4 | 6): Environment {
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
		settle: settleReal,
	};
}

const environments = (["tcp", "udp", "tls"] as const).flatMap((transport) =>
	([4, 6] as const).map((af) => environment(transport, af)),
);

describe.each(environments)("the contract on loopback: $name", (env) => {
	for (const contractCase of CONTRACT) {
		if (contractCase.only !== undefined && !contractCase.only.includes(env.transport)) continue;
		test(contractCase.name, () => runCase(contractCase, env));
	}
});
