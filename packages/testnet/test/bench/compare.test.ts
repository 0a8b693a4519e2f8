import { describe, expect, it } from "vitest";
import { compare, formatComparison, summarise } from "../../src/bench/compare.js";

const nothing = (): void => undefined;

describe("summarise", () => {
	it("takes the ratio round by round, and the median of those", () => {
		const result = summarise({ name: "x", ops: 100, baseline: nothing, candidate: nothing, floor: 0.9 }, [
			{ baseline: 10, candidate: 20 },
			{ baseline: 10, candidate: 10 },
			{ baseline: 30, candidate: 15 },
		]);
		expect(result.ratio).toBe(1);
		expect(result.spread).toEqual([0.75, 1.5]);
		expect(result.baselineRate).toBe(10_000);
		expect(result.reached).toBe(true);
	});

	it("marks a missed floor", () => {
		const missed = summarise({ name: "slow", baseline: nothing, candidate: nothing, floor: 0.9 }, [
			{ baseline: 1, candidate: 2 },
		]);
		expect(missed.reached).toBe(false);
		expect(formatComparison(missed)).toContain("BELOW (floor 0.90)");
	});
});

describe("compare", () => {
	it("runs both sides in every round and swaps the order", async () => {
		const order: string[] = [];
		const lines: string[] = [];
		await compare(
			{
				name: "order",
				rounds: 4,
				warmup: 0,
				baseline: () => void order.push("b"),
				candidate: () => void order.push("c"),
			},
			(line) => lines.push(line),
		);
		expect(order.join("")).toBe("bccbbccb");
		expect(lines).toHaveLength(1);
	});
});
