import type { Dependence, NatSpec } from "@p2pd/testnet";
import { describe, expect, it, vi } from "vitest";
import { type Run, runScene } from "./scenes/scene.js";
import { withTcp } from "./scenes/tcp-servers.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 120_000 });

const nat = (mapping: Dependence): NatSpec => ({
	kind: "nat",
	mapping,
	filtering: "address-and-port-dependent",
});

const tcp = ({ report }: Run): string => report.tcp.mapping;

describe("the mapping of TCP", () => {
	it.each([
		["endpoint-independent", "endpoint-independent"],
		["address-dependent", "varies"],
		["address-and-port-dependent", "varies"],
	] as const)("behind %s mapping is %s", async (mapping, expected) => {
		const run = await runScene({ gateway: nat(mapping), prepare: withTcp() });
		expect([run.report.tcp.reason, tcp(run)]).toEqual([expect.any(String), expected]);
		expect(run.took).toBeLessThanOrEqual(3 * 50 + 400);
	});

	it("is asked of another server where the first does not serve TCP", async () => {
		const run = await runScene({ gateway: nat("endpoint-independent"), prepare: withTcp(["stun1"]) });
		expect(tcp(run)).toBe("endpoint-independent");
	});

	it("stays unknown where nobody serves it, or something else answers", async () => {
		const nobody = await runScene({ gateway: nat("endpoint-independent") });
		expect([tcp(nobody), nobody.report.tcp.reason]).toEqual([
			"unknown",
			expect.stringContaining("ECONNREFUSED"),
		]);
		const web = await runScene({ gateway: nat("endpoint-independent"), prepare: withTcp(undefined, false) });
		expect([tcp(web), web.report.type]).toEqual(["unknown", 5]);
	});
});
