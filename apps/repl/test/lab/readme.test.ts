import { readFileSync } from "node:fs";
import { describeLab } from "@p2pd/testnet/lab";
import { expect, it } from "vitest";
import { makeTranscript, settled, transcriptIn } from "../../scripts/transcript.js";

describeLab("the README", () => {
	it("has the transcript that its script makes, but for ports and times", { timeout: 60_000 }, async () => {
		const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
		const shown = transcriptIn(text);
		expect(shown).toBeDefined();
		expect(settled(shown ?? "")).toBe(settled(await makeTranscript()));
	});
});
