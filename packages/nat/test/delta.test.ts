import { SeededRandom } from "@p2pd/testnet";
import { describe, expect, it, vi } from "vitest";
import {
	falseRuleBound,
	falseSilence,
	judgeDelta,
	MAX_FALSE_RULE,
	threshold,
} from "../src/classify/delta.js";
import { TRAIN_PART_1, TRAIN_PART_2 } from "../src/defaults.js";
import type { NatTrainSample } from "../src/index.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 120_000 });

const OFFSETS = [...TRAIN_PART_1, ...TRAIN_PART_2];

/** A train as a NAT would answer it. `map` gives the mapped port of each new mapping that reaches the NAT. */
function train(
	map: (local: number) => number,
	lost: (index: number) => "request" | "reply" | null = () => null,
	first = 40_000,
): NatTrainSample[] {
	return OFFSETS.map((offset, index) => {
		const local = first + offset;
		const fate = lost(index);
		const mapped = fate === "request" ? null : map(local);
		return {
			index,
			part: index < TRAIN_PART_1.length ? 1 : 2,
			local,
			mapped: fate === null ? mapped : null,
			inOrder: fate === null,
		};
	});
}

const counter = (step: number, start = 30_000, range: [number, number] = [1024, 65535]) => {
	let last = start;
	return (): number => {
		last += step;
		if (last > range[1]) last = range[0] + (last - range[1] - 1);
		return last;
	};
};

function dependent(step: number, random: SeededRandom): (local: number) => number {
	let last: { local: number; mapped: number } | null = null;
	return (local) => {
		const mapped = last !== null && local === last.local + 1 ? last.mapped + step : random.int(2000, 60_000);
		last = { local, mapped };
		return mapped;
	};
}

const verdict = (samples: NatTrainSample[]): string => {
	const { type, value } = judgeDelta(samples);
	return `${type} ${value}`;
};

describe("how ports are picked", () => {
	it.each([
		["equal", train((local) => local), "2 0"],
		["preserving", train((local) => local + 1234), "3 0"],
		["preserving downwards", train((local) => local - 9876), "3 0"],
		["independent +1", train(counter(1)), "4 1"],
		["independent +3", train(counter(3)), "4 3"],
		["independent -2", train(counter(-2)), "4 -2"],
		["independent, wrapping", train(counter(4, 65_510)), "4 4"],
		["independent in a range of 64", train(counter(1, 1080, [1024, 1087])), "4 1"],
	])("%s", (_name, samples, expected) => expect(verdict(samples)).toBe(expected));

	it("tells a dependent counter by its consecutive ports", () => {
		for (const step of [1, 2, 7]) {
			expect(verdict(train(dependent(step, new SeededRandom(step))))).toBe(`5 ${step}`);
		}
	});

	it("bears a neighbour that takes every fourth port", () => {
		let taken = 0;
		const next = counter(2);
		const map = (): number => {
			if (++taken % 4 === 0) next();
			return next();
		};
		expect(verdict(train(map))).toBe("4 2");
	});

	it("bears a collision among equal ports", () => {
		expect(verdict(train((local) => (local % 5 === 0 ? local + 1 : local)))).toBe("2 0");
	});

	it("finds a counter in mappings that were made in another order", () => {
		const samples = train(counter(4));
		const swapped = samples.map((sample, index) => {
			const other = samples[index % 2 === 0 ? index + 1 : index - 1];
			return { ...sample, mapped: other?.mapped ?? null };
		});
		expect(verdict(swapped)).toBe("4 4");
	});

	it("counts a request lost before the NAT as a gap", () => {
		expect(verdict(train(counter(3), (index) => (index % 3 === 1 ? "request" : null)))).toBe("4 3");
		expect(verdict(train(counter(3), (index) => (index % 3 === 1 ? "reply" : null)))).toBe("4 3");
	});

	it("does not call consecutive preserving ports a dependent counter", () => {
		const lost = (index: number) => (index < TRAIN_PART_1.length - 1 ? ("request" as const) : null);
		expect(verdict(train((local) => local + 500, lost))).toBe("unknown 0");
	});

	it("says unknown, not random, where too little was seen", () => {
		const random = new SeededRandom(1);
		const samples = train(
			() => random.int(1024, 65535),
			(index) => (index % 4 === 0 ? null : "reply"),
		);
		expect(verdict(samples)).toBe("unknown 0");
	});
});

describe("stated error rates", () => {
	const runs = process.env["P2PD_LONG"] === "1" ? 100_000 : 10_000;

	it("sees no rule in random ports, also in short ranges and with loss", () => {
		const random = new SeededRandom("no rule");
		for (const [low, high] of [
			[1024, 65535],
			[30_000, 31_007],
			[50_000, 50_511],
		] as const) {
			let wrong = 0;
			for (let run = 0; run < runs; run++) {
				const samples = train(
					() => random.int(low, high),
					() => (random.chance(0.19) ? "reply" : null),
				);
				const { type } = judgeDelta(samples);
				if (type !== 6 && type !== "unknown") wrong++;
			}
			expect(wrong / runs).toBeLessThanOrEqual(10 * MAX_FALSE_RULE);
		}
	});

	it("misses no rule at 10 % loss each way more often than one run in 100, and is wrong in one of 1000 at most", () => {
		const random = new SeededRandom("rules");
		const lost = (): "request" | "reply" | null =>
			random.chance(0.1) ? "request" : random.chance(0.1) ? "reply" : null;
		const rules: [string, () => (local: number) => number][] = [
			["2 0", () => (local) => local],
			["3 0", () => (local) => local + 777],
			["4 3", () => counter(3)],
			["5 3", () => dependent(3, random)],
		];
		for (const [expected, make] of rules) {
			const seen = { right: 0, unknown: 0, wrong: 0 };
			for (let run = 0; run < runs / 10; run++) {
				const got = verdict(train(make(), lost));
				seen[got === expected ? "right" : got === "unknown 0" ? "unknown" : "wrong"]++;
			}
			const text = `${expected}: ${JSON.stringify(seen)}`;
			expect(seen.wrong / (runs / 10), text).toBeLessThanOrEqual(0.001);
			// Before anything is repeated; a dependent counter needs neighbours that both came through.
			expect(seen.unknown / (runs / 10), text).toBeLessThanOrEqual(expected === "5 3" ? 0.15 : 0.01);
		}
	});

	it("keeps the chance of a false rule below its bound for every number of pairs and range", () => {
		for (let pairs = 3; pairs <= 15; pairs++) {
			for (const span of [64, 512, 1008, 64512]) {
				const k = threshold(pairs, span);
				expect(k === pairs || falseRuleBound(pairs, k, span) < MAX_FALSE_RULE).toBe(true);
			}
		}
	});

	it("states how likely loss alone is to look like silence", () => {
		expect(falseSilence(0.1, 4)).toBeCloseTo(0.0013, 4);
		expect(falseSilence(0.1, 6)).toBeCloseTo(0.000047, 6);
		expect(falseSilence(0, 4)).toBe(0);
	});
});
