import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { DEFAULT_STUN_SERVERS } from "../src/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? "");

/** What an example says that it prints: the comments behind its console.log lines, up to a colon. */
const promised = (code: string): string[] =>
	[...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text?.split(":")[0] ?? "");

describe("the README", () => {
	it("has examples", () => {
		expect(examples.length).toBe(4);
		for (const code of examples) expect(promised(code).length).toBeGreaterThan(0);
	});

	it.each(examples.map((code, nth) => [nth + 1, code] as const))(
		"example %i prints what it says",
		async (_nth, code) => {
			const { stdout, stderr } = await promisify(execFile)(
				process.execPath,
				["--conditions=@p2pd/source", "--import", "tsx", "--input-type=module", "--eval", code],
				{ cwd: root, timeout: 20_000 },
			);
			expect(stderr).toBe("");
			expect(stdout.trim().split("\n")).toEqual(promised(code));
		},
		30_000,
	);

	it("contacts no other host in its examples", () => {
		for (const { host } of DEFAULT_STUN_SERVERS) expect(readme).not.toContain(host);
	});
});
