import { describe, expect, it } from "vitest";
import { type DiagramRow, diagramSvg, diagramText } from "../src/output/diagram.js";

const ROWS: readonly DiagramRow[] = [
	{
		af: 4,
		boxes: [
			{ title: "eth0, IPv4", lines: ["192.168.1.20/24"] },
			{ title: "NAT", lines: ["restrict port (5)", "ports: delta 2"] },
			{ title: "outside", lines: ["81.2.69.142"] },
		],
	},
];

describe("the diagram", () => {
	it("stands side by side where there is space", () => {
		expect(diagramText(ROWS, 100)).toBe(
			[
				"┌─────────────────┐     ┌───────────────────┐     ┌─────────────┐",
				"│ eth0, IPv4      │     │ NAT               │     │ outside     │",
				"│ 192.168.1.20/24 │─────│ restrict port (5) │─────│ 81.2.69.142 │",
				"│                 │     │ ports: delta 2    │     │             │",
				"└─────────────────┘     └───────────────────┘     └─────────────┘",
			].join("\n"),
		);
	});

	it("stands one below the other on a narrow terminal, and no line is wider", () => {
		const text = diagramText(ROWS, 40);
		expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(40);
		for (const part of ["192.168.1.20/24", "restrict port (5)", "81.2.69.142"]) expect(text).toContain(part);
	});

	it("is a well-formed picture whose text is escaped", () => {
		const boxes = [{ title: "<script>&", lines: ['a "b"'] }];
		const svg = diagramSvg([{ af: 6, boxes }]);
		expect(svg).toContain("&lt;script&gt;&amp;");
		expect(svg).toContain("a &quot;b&quot;");
		expect(svg).not.toContain("<script>");
		expect(svg.match(/<(rect|text|line|style|svg)\b/g)?.length).toBeGreaterThan(3);
	});
});
