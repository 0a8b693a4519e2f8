import { describe, expect, it } from "vitest";
import { fitColumns, table } from "../src/output/text.js";

describe("table", () => {
	it("aligns columns under their head", () => {
		expect(
			table(
				["NAME", "KIND"],
				[
					["lo", "loopback"],
					["wlan0", "wireless"],
				],
				Number.POSITIVE_INFINITY,
			),
		).toBe("NAME   KIND\nlo     loopback\nwlan0  wireless");
	});

	it("wraps the widest column where the terminal is narrow, and loses no text", () => {
		const text = table(["A", "B"], [["x", "one two three four five"]], 14);
		expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(14);
		expect(text.replace(/\s/g, "")).toBe("ABxonetwothreefourfive");
	});

	it("counts colours as nothing", () => {
		const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;
		expect(table(["A", "B"], [[red("ab"), "c"]], Number.POSITIVE_INFINITY).split("\n")[0]).toBe("A   B");
	});
});

describe("fitColumns", () => {
	it("takes from the widest first and stops at the least width", () => {
		expect(fitColumns([4, 20], 20)).toEqual([4, 14]);
		expect(fitColumns([8, 8], 4)).toEqual([6, 6]);
	});
});
