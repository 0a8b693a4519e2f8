import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { fitColumns, safeJson, table, wrap } from "../src/output/text.js";

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

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

	it.each([20, 80, 120])("never breaks a colour: every line of %i columns is whole", (columns) => {
		const rows = Array.from({ length: 3 }, (_, index) => [
			{ text: `enp${index}s0f1np${index}`, paint: red },
			{ text: "running", paint: red },
			"192.168.100.200/24\nfe80::1234:5678:9abc:def0%enp0s0/64",
			{ text: "no carrier at all on this side", paint: red },
		]);
		const text = table(["NAME", "STATE", "ADDRESSES", "REMARK"], rows, columns);
		for (const line of text.split("\n")) {
			expect(stringWidth(line)).toBeLessThanOrEqual(Math.max(columns, 30));
			expect(line.replaceAll("\u001b[31m", "").replaceAll("\u001b[39m", "")).not.toContain("\u001b");
			expect(line.split("\u001b[31m").length).toBe(line.split("\u001b[39m").length);
		}
		expect(text.replaceAll(/\s/g, "")).toContain(columns < 80 ? "runn" : "running");
	});

	it("makes foreign text printable, and counts wide characters as two columns", () => {
		const text = table(
			["NAME", "B"],
			[
				["eth\u001b]52;c;AAAA\u0007", "x"],
				["日本", "y"],
			],
			Number.POSITIVE_INFINITY,
		);
		expect(text).toContain("eth\\x1b]52;c;AAAA\\x07  x");
		const [, , last = ""] = text.split("\n");
		expect(stringWidth(last)).toBe(stringWidth("eth\\x1b]52;c;AAAA\\x07  y"));
	});
});

describe("fitColumns", () => {
	it("takes from the widest first and stops at the least width", () => {
		expect(fitColumns([4, 20], 20)).toEqual([4, 14]);
		expect(fitColumns([8, 8], 4)).toEqual([6, 6]);
	});
});

describe("wrap", () => {
	it("breaks at spaces, and inside a word that is longer than a line", () => {
		expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
		expect(wrap("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
	});
});

describe("safeJson", () => {
	it("escapes what a terminal obeys and stays the same value", () => {
		const value = { "a\u202eb": "\u009b31m\u001b[0m", list: ["\u2028"] };
		const text = safeJson(value, 2);
		expect(text).not.toMatch(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e]/);
		expect(JSON.parse(text)).toEqual(value);
	});
});
