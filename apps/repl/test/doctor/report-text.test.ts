import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { diagnose } from "../../src/doctor/diagnose.js";
import { reportText, summaryText } from "../../src/doctor/report-text.js";
import { facts } from "../support/facts.js";

const findings = diagnose(facts());
const squeezed = (text: string): string => text.replace(/\s+/g, "");

describe("the doctor's report", () => {
	it.each([40, 60, 100])("fits %i columns and loses nothing", (columns) => {
		const text = reportText(findings, createColors(false), columns);
		const widest = Math.max(...text.split("\n").map((line) => line.length));
		const longestWord = Math.max(...text.split(/\s+/).map((word) => word.length));
		expect(widest).toBeLessThanOrEqual(Math.max(columns, longestWord + 2));
		for (const { what, evidence } of findings)
			for (const part of [what, ...evidence]) expect(squeezed(text)).toContain(squeezed(part));
	});

	it("says the status in words, with colours or without", () => {
		const plain = reportText(findings, createColors(false), Number.POSITIVE_INFINITY);
		expect(plain).toMatch(/^ok +link +eth0/m);
		expect(plain).toMatch(/^unknown +double-nat/m);
		const coloured = reportText(findings, createColors(true), Number.POSITIVE_INFINITY);
		expect(coloured).toContain("\u001b[32mok");
	});

	it("counts", () => {
		const one = findings.slice(0, 1);
		expect(summaryText(one)).toBe("1 thing ok");
		expect(summaryText([...one, ...one])).toBe("2 things ok");
		expect(summaryText(one.map((finding) => ({ ...finding, status: "fault" as const })))).toBe("1 fault");
	});
});
