import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checked } from "./support/schema.js";

const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));
const timeout = 30_000;

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "p2pd-script-"));
	writeFileSync(
		join(folder, "main.ts"),
		`import { IPRange, type Family } from "@p2pd/core";
import { twice } from "./part.ts";
const af: Family = twice(2) as Family;
console.log(af, IPRange.parse("8.8.0.0/16").size, typeof pipeOpen, process.argv.slice(2).join(" "));
`,
	);
	writeFileSync(join(folder, "part.ts"), "export const twice = (n: number): number => n * 2;\n");
	writeFileSync(join(folder, "bad.ts"), 'interface X {}\nawait new Interface("wlan7").start();\n');
	writeFileSync(join(folder, "code.mjs"), "process.exitCode = 7;\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

function p2pd(args: readonly string[], stdin = ""): Promise<Ended> {
	return new Promise((resolve) => {
		const flags = ["--conditions=@p2pd/source", "--import", "tsx", cli];
		const child = execFile(
			process.execPath,
			[...flags, ...args],
			{ cwd: root, timeout: 20_000, env: { ...process.env, NO_COLOR: "1" } },
			(error, stdout, stderr) =>
				resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
		);
		child.stdin?.end(stdin);
	});
}

describe("running code", { timeout }, () => {
	it("a TypeScript file with types, a relative import and @p2pd/core", async () => {
		const ended = await p2pd([join(folder, "main.ts"), "a", "b"]);
		expect(ended).toEqual({ code: 0, stdout: "4 65535n function a b\n", stderr: "" });
	});

	it("-e, -p and stdin", async () => {
		const [run, print, text, stdin, dash] = await Promise.all([
			p2pd(["-e", "const n: number = 2; console.log(await n)"]),
			p2pd(["-p", "[IP4, IP6] as const"]),
			p2pd(["-p", "'text'"]),
			p2pd([], "console.log(typeof initP2pd as string)"),
			p2pd(["-"], "console.log(1)"),
		]);
		expect(run.stdout).toBe("2\n");
		expect(print.stdout).toBe("[ 4, 6 ]\n");
		expect(text.stdout).toBe("text\n");
		expect(stdin.stdout).toBe("function\n");
		expect(dash.stdout).toBe("1\n");
	});

	it("exit codes: the script's own, and 1 for an error, which is one line", async () => {
		const [own, thrown, syntax] = await Promise.all([
			p2pd([join(folder, "code.mjs")]),
			p2pd([join(folder, "bad.ts")]),
			p2pd(["-e", "const = 1"]),
		]);
		expect(own.code).toBe(7);
		expect(thrown).toMatchObject({ code: 1, stdout: "" });
		expect(thrown.stderr).toMatch(/^error: .*"wlan7".*\(ERR_NETIF_NOT_FOUND\)\n$/);
		expect(syntax.code).toBe(1);
		expect(syntax.stderr).toMatch(/^error: /);
	});

	it("a reader that leaves early is no error", async () => {
		const command = `"${process.execPath}" --conditions=@p2pd/source --import tsx "${cli}" -e 'for (let i = 0; i < 100000; i++) console.log(i)' | head -1`;
		const ended = await new Promise<Ended>((resolve) => {
			execFile("bash", ["-c", command], { cwd: root, timeout: 20_000 }, (error, stdout, stderr) =>
				resolve({ code: error ? 1 : 0, stdout, stderr }),
			);
		});
		expect(ended).toEqual({ code: 0, stdout: "0\n", stderr: "" });
	});

	it.each([
		["pipe tcp --listen 0", /listening/, 130],
		["serve stun --port 0", /STUN server on 127\.0\.0\.1 port \d+[\s\S]*Ctrl-C/, 130],
		["watch", /Ctrl-C ends it/, 130],
	])("Ctrl-C ends %s", async (args, ready, expected) => {
		const flags = ["--conditions=@p2pd/source", "--import", "tsx", cli];
		const code = await new Promise<number | null>((resolve) => {
			const child = execFile(process.execPath, [...flags, ...args.split(" ")], {
				cwd: root,
				timeout: 20_000,
			});
			let seen = "";
			let sent = false;
			const look = (text: string): void => {
				seen += text;
				if (sent || !ready.test(seen)) return;
				sent = true;
				child.kill("SIGINT");
			};
			child.stdout?.on("data", look);
			child.stderr?.on("data", look);
			child.on("exit", resolve);
		});
		expect(code).toBe(expected);
	});

	it("a server's addresses as JSON, by its schema", async () => {
		const flags = ["--conditions=@p2pd/source", "--import", "tsx", cli];
		const stdout = await new Promise<string>((resolve) => {
			const given = [...flags, "serve", "stun", "--port", "0", "--json"];
			const child = execFile(process.execPath, given, { cwd: root, timeout: 20_000 }, (_error, text) =>
				resolve(text),
			);
			child.stderr?.once("data", () => child.kill("SIGINT"));
		});
		checked("serve-stun", stdout);
	});
});
