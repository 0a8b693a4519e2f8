import { describe, expect, it } from "vitest";
import { run } from "./support/run-command.js";

describe("p2pd man", () => {
	it("describes every command and option, and no line of text is taken for a request of roff", async () => {
		const { code, stdout } = await run(["man"]);
		expect(code).toBe(0);
		const [, commands = ""] = (await run(["--help"])).stdout.split("Commands:");
		for (const [, name] of commands.matchAll(/^ {2}(?!help)([a-z]+)(?: |$)/gm))
			expect(stdout).toContain(`.B ${name}`);
		for (const flag of ["nic", "stun", "timeout", "json"]) expect(stdout).toContain(`\\-\\-${flag}`);
		const requests = stdout.split("\n").filter((line) => /^[.']/.test(line));
		for (const line of requests) expect(line).toMatch(/^\.(TH|SH|TP|B|I|RS|RE)\b/);
	});
});
