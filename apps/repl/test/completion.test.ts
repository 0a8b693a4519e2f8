import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { run } from "./support/run-command.js";

/** What bash offers at the end of a line, with a p2pd of the test's that lists two NICs. */
function offers(script: string, line: string): string[] {
	const words = line.split(" ");
	const code = `p2pd() { [ "$*" = "list --names" ] && printf 'eth0\\nwlan0\\n'; }
${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_p2pd
printf '%s\\n' "\${COMPREPLY[@]}"`;
	return execFileSync("bash", ["--norc", "-c", code], { encoding: "utf8" }).trimEnd().split("\n");
}

describe("completion in bash", () => {
	it.each([
		["p2pd sh", ["show"]],
		["p2pd show e", ["eth0"]],
		["p2pd --nic w", ["wlan0"]],
		["p2pd show --family ", ["4", "6"]],
		["p2pd stun --transport t", ["tcp", "tls"]],
		["p2pd doctor --router", ["--router-wan"]],
		["p2pd list --nam", ["--names"]],
	])("%s", async (line, expected) => {
		const { stdout } = await run(["completion", "bash"]);
		expect(offers(stdout, line)).toEqual(expected);
	});

	it("zsh and fish know every command", async () => {
		for (const shell of ["zsh", "fish"]) {
			const { code, stdout } = await run(["completion", shell]);
			expect(code).toBe(0);
			for (const name of ["list", "show", "doctor", "demo"]) expect(stdout).toContain(name);
		}
	});
});
