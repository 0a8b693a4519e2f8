import { describe, expect, it, vi } from "vitest";
import { CASES, fewCapable, MANY_SERVERS, runCase } from "./scenes/matrix.js";
import { runScene } from "./scenes/scene.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 240_000 });

const ANSWERED = CASES.filter(({ name }) => name !== "blocked");

describe("twelve servers of which few can test filtering", () => {
	it.each([1, 2, 3, 6])("with %i of them every type is right", async (capable) => {
		const misses: string[] = [];
		for (const [at, truth] of ANSWERED.entries()) {
			const run = await runCase(truth, { servers: MANY_SERVERS, bad: fewCapable(capable, at), seed: at });
			const { type, delta, behaviour } = run.judged;
			if (type !== "right" || delta !== "right" || behaviour === "wrong") {
				misses.push(`${truth.name}: ${run.report.filtering} ${run.datagrams} ${run.report.reason}`);
			}
			const bySilence = [2, 4, 5].includes(truth.type);
			expect([truth.name, run.report.singleServer]).toEqual([truth.name, bySilence && capable === 1]);
		}
		expect(misses).toEqual([]);
	});

	it("with none of them mapping and delta are right, and filtering is not checked", async () => {
		for (const [at, truth] of ANSWERED.entries()) {
			const run = await runCase(truth, { servers: MANY_SERVERS, bad: fewCapable(0, at), seed: at });
			const { report, judged } = run;
			const mapping = /^address/.test(truth.mapping) ? "varies" : truth.mapping;
			expect([truth.name, report.mapping, judged.delta]).toEqual([truth.name, mapping, "right"]);
			expect([truth.name, report.filtering]).toEqual([truth.name, "not-checked"]);
			expect([truth.name, judged.type === "wrong"]).toEqual([truth.name, false]);
		}
	});

	it("asks further servers only until two have tested", async () => {
		const { gateway } = CASES[0] ?? { gateway: { kind: "router" } };
		const all = await runScene({ gateway, servers: MANY_SERVERS });
		expect(all.report.agreement.asked).toBe(5);
		const few = await runScene({ gateway, servers: MANY_SERVERS, bad: fewCapable(1, 3) });
		expect(few.report.agreement.asked).toBe(MANY_SERVERS);
	});

	it("is worth as much as one configured alone: types with one capable of twelve take a round trip more", async () => {
		const truth = CASES.find(({ type }) => type === 5);
		if (truth === undefined) throw new Error("there is a port-restricted NAT");
		const alone = await runCase(truth, { servers: 1 });
		const among = await runCase(truth, { servers: MANY_SERVERS, bad: fewCapable(1, 3) });
		expect([alone.report.type, among.report.type]).toEqual([5, 5]);
		expect([alone.report.singleServer, among.report.singleServer]).toEqual([true, true]);
		expect(among.took).toBeLessThanOrEqual(alone.took + 2 * 50 + 100);
	});
});
