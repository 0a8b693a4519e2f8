import { execFileSync } from "node:child_process";
import { kernelRoute } from "@p2pd/route";
import {
	PIPE_CONTRACT,
	type PipeContractEnvironment,
	runPipeContractCase,
	settleLoopback,
} from "../../src/contract/index.js";
import { makeAuthority } from "../support/certificate.js";
import type { ChildResult } from "../support/namespace.js";

/*
 * Runs in a network namespace of its own: the contract between the two ends of a veth, by their link-local
 * addresses. A dead end: the namespace has no other link.
 */

const ip = (...args: string[]): void => {
	execFileSync("ip", args);
};

ip("link", "set", "lo", "up");
ip("link", "add", "near", "type", "veth", "peer", "name", "far");
for (const [nic, address] of [
	["near", "fe80::1/64"],
	["far", "fe80::2/64"],
] as const) {
	// No address of the kernel's own making, and none that waits for duplicates to show up.
	ip("link", "set", nic, "addrgenmode", "none");
	ip("address", "add", address, "dev", nic, "nodad");
	ip("link", "set", nic, "up");
}

const authority = makeAuthority();
const identity = authority.issue("fe80::2");

for (const transport of ["tcp", "udp", "tls"] as const) {
	const tls = transport === "tls";
	const env: PipeContractEnvironment = {
		name: transport,
		transport,
		serverSockets: kernelRoute(6),
		clientSockets: kernelRoute(6),
		serverIp: "fe80::2%near",
		serverOptions: tls ? { tls: identity } : {},
		clientOptions: tls ? { tls: { ca: authority.cert } } : {},
		deps: {},
		until: (promise) => promise,
		settle: settleLoopback,
	};
	for (const contractCase of PIPE_CONTRACT) {
		if (contractCase.only !== undefined && !contractCase.only.includes(transport)) continue;
		const name = `${transport}: ${contractCase.name}`;
		let result: ChildResult = { name, error: null };
		try {
			await runPipeContractCase(contractCase, env);
		} catch (error) {
			result = { name, error: (error as Error).stack ?? String(error) };
		}
		process.stdout.write(`${JSON.stringify(result)}\n`);
	}
}
