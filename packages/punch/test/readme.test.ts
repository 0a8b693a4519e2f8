import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import * as punch from "../src/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/^## (.+)\n(?:(?!^## )[\s\S])*?```ts\n([\s\S]*?)```/gm)];

/** What an example says that it prints: the comments behind its console.log lines. */
const promised = (code: string): string[] =>
	[...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text ?? "");

describe("the README", () => {
	it("has an example for each part", () => {
		expect(examples.map(([, title]) => title)).toEqual(["Punching", "Plans"]);
		for (const [, , code = ""] of examples) expect(promised(code).length).toBeGreaterThan(0);
	});

	it.each(examples.map(([, title = "", code = ""]) => [title, code] as const))(
		"is right about %s",
		async (_title, code) => {
			const { module, target } = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
			const { outputText } = ts.transpileModule(code, { compilerOptions: { module, target } });
			const { stdout, stderr } = await promisify(execFile)(
				process.execPath,
				["--conditions=@p2pd/source", "--import", "tsx", "--input-type=module", "--eval", outputText],
				{ cwd: root, timeout: 60_000 },
			);
			expect(stderr).toBe("");
			expect(stdout.trim().split("\n")).toEqual(promised(code));
		},
		90_000,
	);

	it("names every rule of the plan", () => {
		const rules = punch.NAT_KINDS.flatMap((a) =>
			punch.NAT_KINDS.map((b) => punch.planPunch(a, b, { transport: "udp" })),
		).flatMap((plan) => (plan.action === "punch" ? [plan.rule] : []));
		for (const rule of new Set(rules)) expect(readme).toContain(`\`${rule}\``);
	});
});
