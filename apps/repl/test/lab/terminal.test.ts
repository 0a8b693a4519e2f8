import { fileURLToPath } from "node:url";
import { buildLab, describeLab, HOME_IP4, homeRouter, type Lab } from "@p2pd/testnet/lab";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { FIRST_PROGRAM } from "../../src/shell/first-program.js";
import { openTerminal, type Terminal, tmuxMissing } from "../support/terminal.js";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
const p2pd = `${process.execPath} --conditions=@p2pd/source --import tsx ${cli}`;
/** Keeps what a command left on the screen there, with its exit code. */
const kept = (args: string): string => `bash -c '${p2pd} ${args}; echo "exit code $?"; exec cat'`;

const missing = tmuxMissing();

describeLab(`a real terminal${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
	let lab: Lab;
	let terminal: Terminal;
	let env: Record<string, string>;
	beforeAll(async () => {
		lab = await buildLab(homeRouter());
		env = { P2PD_STUN_SERVERS: "stun.example.com,classic.example.com", P2PD_HISTORY: "" };
	});
	afterEach(() => terminal?.close());
	afterAll(() => lab.close());
	const test = (name: string, body: () => Promise<void>): void =>
		it.skipIf(missing !== undefined)(name, { timeout: 60_000 }, body);

	test("the first program, typed line by line", async () => {
		terminal = await openTerminal(lab, p2pd, { env, columns: 160 });
		await terminal.until(/Ctrl-D leaves\.\n> /);
		let prompts = 1;
		for (const line of FIRST_PROGRAM.trimEnd().split("\n")) {
			await terminal.type(line);
			await terminal.press("Enter");
			prompts++;
			await terminal.until(new RegExp(`(^> [\\s\\S]*){${prompts}}$`, "m"));
		}
		await terminal.type("out.toString()");
		await terminal.press("Enter");
		const screen = await terminal.until(/'Test\\r\\n\\r\\n'/);
		expect(screen).toContain(HOME_IP4);
		expect(screen).toContain('"nat_info": "restrict port"');
		// The names of error classes may be on the screen: the shell previews completions.
		expect(screen).not.toMatch(/Uncaught|Error:/);
	});

	test("Ctrl-C during a long await keeps the session; Tab completes; Ctrl-D leaves", async () => {
		terminal = await openTerminal(lab, `bash -c '${p2pd}; echo left with $?; exec cat'`, { env });
		await terminal.until(/> $/m);
		await terminal.type(
			"const pipe = await pipeOpen(null, UDP); pipe.subscribe(); await pipe.recv({ timeout: Infinity })",
		);
		await terminal.press("Enter");
		await terminal.until(/Infinity \}\)\n/);
		await terminal.press("C-c");
		await terminal.until(/interrupted\n> /);
		await terminal.type("1 + 41");
		await terminal.press("Enter");
		await terminal.until(/^42$/m);
		await terminal.type('new Interface("et');
		await terminal.press("Tab");
		await terminal.until(/new Interface\("eth0/);
		await terminal.press("C-c");
		await terminal.press("C-d");
		await terminal.until(/left with 0/);
	});

	test("tables fit wide and narrow windows, and no colour is needed", async () => {
		for (const columns of [120, 44]) {
			terminal = await openTerminal(lab, kept("list"), { env, columns });
			const screen = await terminal.until(/exit code 0/);
			expect(screen).toContain("NAME");
			for (const line of await terminal.lines()) expect(line.length).toBeLessThanOrEqual(columns);
			if (columns === 120) await terminal.close();
		}
	});

	test("the doctor fits a narrow window and says each status in words", async () => {
		terminal = await openTerminal(lab, kept("doctor --no-color"), { env, columns: 50 });
		const screen = await terminal.until(/exit code 0/);
		expect(screen).toMatch(/^ok +external\.4\n +81\.2\.69\.142\/32 is seen outside/m);
	});

	test("Ctrl-C ends a command that is asking, at once, with 130", async () => {
		terminal = await openTerminal(lab, kept("show --stun 194.9.10.99:3478 --timeout 30000"), { env });
		await terminal.until(/asking STUN servers/);
		await terminal.press("C-c");
		await terminal.until(/exit code 130/);
	});
});
