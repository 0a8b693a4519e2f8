import type { NatSpec } from "@p2pd/testnet";
import { describe, expect, it, vi } from "vitest";
import { fakesSilence, slow } from "./scenes/bad-servers.js";
import { dead, liar, runScene, type Wrap } from "./scenes/scene.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 120_000 });

const HOME: NatSpec = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
	allocation: { kind: "equal" },
};
const CONE: NatSpec = { ...HOME, filtering: "endpoint-independent" };
const SYMMETRIC: NatSpec = { ...HOME, mapping: "address-and-port-dependent", allocation: { kind: "random" } };
const LIE = { ip: "81.2.69.160", port: 40_404 };

/** Servers 0 and 1 are bad and fast; the others are honest and answer so much later. */
const fast = (bad: Wrap, later: number): Record<number, Wrap> => ({
	0: bad,
	1: bad,
	2: slow(later),
	3: slow(later),
	4: slow(later),
});

describe("two fast liars of five", () => {
	it.each([0, 100, 400, 500, 1000, 2000, 2800, 3500, 10_000])(
		"never win against honest servers that are %i ms slower",
		async (later) => {
			for (const [gateway, right] of [
				[HOME, "endpoint-independent"],
				[SYMMETRIC, "address-and-port-dependent"],
				[{ kind: "router" } as const, "none"],
			] as const) {
				for (let seed = 1; seed <= 3; seed++) {
					const { report } = await runScene({ gateway, bad: fast(liar(LIE), later), seed });
					expect(report.externalIps).not.toContain(LIE.ip);
					expect([right, "varies", "unknown"]).toContain(report.mapping);
					if (later <= 1000) expect(report.mapping).toBe(right);
					if (gateway === HOME && report.mapping !== "unknown") expect(report.agreement.dissent).toBe(true);
				}
			}
		},
	);

	it("do not talk it into a filter by pretending to be silent", async () => {
		for (const later of [100, 400, 500, 1000]) {
			const { report } = await runScene({ gateway: CONE, bad: fast(fakesSilence, later) });
			expect([later, report.type]).toEqual([later, 3]);
		}
	});
});

describe("a server that does not answer", () => {
	it("does not hold up a verdict that a majority has reached", async () => {
		const bad = { 1: dead, 4: dead };
		const { report, took } = await runScene({ gateway: CONE, bad });
		expect([report.type, report.agreement.agreed, took < 500]).toEqual([3, 3, true]);
	});

	it("leaves the count at its own time-out, and then three of five are enough, but never two", async () => {
		const three = await runScene({ gateway: HOME, bad: { 0: dead, 2: slow(800), 3: dead } });
		expect([three.report.mapping, three.report.agreement.needed]).toEqual(["endpoint-independent", 3]);
		const two = await runScene({ gateway: HOME, bad: { 0: dead, 2: dead, 3: dead } });
		expect([two.report.mapping, two.report.type]).toEqual(["unknown", "unknown"]);
	});

	it("is replaced by another one where there are more", async () => {
		const bad = { 0: dead, 1: dead, 2: dead };
		const { report, took } = await runScene({ gateway: HOME, servers: 8, bad });
		expect([report.type, report.mapping]).toEqual([5, "endpoint-independent"]);
		expect(took).toBeLessThanOrEqual(5000);
	});
});
