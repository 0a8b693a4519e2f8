import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type LoopbackServers, loopbackNic, startLoopbackServers } from "../../src/demo/loopback-servers.js";
import { CTRL_C, CTRL_D, type LiveShell, liveShell, TAB } from "../support/live-shell.js";

let servers: LoopbackServers;
beforeAll(async () => {
	servers = await startLoopbackServers();
});
afterAll(() => servers.close());

let shell: LiveShell;
const open = async (env?: Readonly<Record<string, string>>): Promise<void> => {
	shell = liveShell(env);
	await shell.until(/> $/);
};
const leave = async (): Promise<number> => {
	shell.type(CTRL_D);
	return shell.ended;
};

describe("the shell", () => {
	afterEach(leave);

	it("greets with versions and a two-line hint", async () => {
		await open();
		expect(shell.messages()).toMatch(/^p2pd \d+\.\d+\.\d+ shell on Node\.js \d+.*\n.*\n.*Ctrl-D leaves\.\n$/);
	});

	it("awaits, keeps variables, and has everything preloaded", async () => {
		await open();
		shell.type("const four = await Promise.resolve(IP4)\n");
		await shell.until(/\n.*> /);
		shell.type("[four, typeof pipeOpen, typeof new Interface().start]\n");
		await shell.until(/\[ 4, 'function', 'function' \]/);
	});

	it("tells an error in one line, and the rest on demand", async () => {
		await open();
		shell.type(".details\n");
		await shell.until(/no error yet/);
		shell.type('await new Interface("wlan7").start()\n');
		const text = await shell.until(/NetifNotFoundError: .*"wlan7".*\n/);
		expect(text).not.toMatch(/^ +at /m);
		shell.type(".details\n");
		await shell.until(/^ +at .*[\s\S]*ERR_NETIF_NOT_FOUND/m);
	});

	it("reads TypeScript lines and import statements, over several lines too", async () => {
		await open();
		shell.type("const five: number = 5\n");
		await shell.until(/\n.*> $/);
		shell.type(
			'import { join as j } from "node:path"; import * as os from "node:os"; import p from "node:path"\n',
		);
		await shell.until(/\n.*> $/);
		shell.type("interface A {\n");
		await shell.until(/\.\.\. $/);
		shell.type("  b: string\n}\n");
		await shell.until(/\n.*> $/);
		shell.type('((a: A): string => j(a.b, String(five), typeof os.EOL, typeof p.join))({ b: "x" })\n');
		await shell.until(/'x\/5\/string\/function'/);
	});

	it("a line that is neither JavaScript nor TypeScript is a SyntaxError", async () => {
		await open();
		shell.type("const const = 1\n");
		await shell.until(/SyntaxError/);
		shell.type("import from from from\n");
		await shell.until(/SyntaxError: this import statement cannot be read/);
	});

	it.each([
		["await init_p2pd()", /did you mean initP2pd\?/],
		["new Interface().load_nat()", /camel case here: loadNat\(\)/],
		["Interface()", /write new Interface\(\.\.\.\)/],
	])("P2PD's spelling gets a hint: %s", async (line, hint) => {
		await open();
		shell.type(`${line}\n`);
		await shell.until(hint);
	});

	it("Ctrl-C ends the await, aborts the session's signal and keeps the session", async () => {
		await open();
		shell.type("let before = signal; await new Promise(() => {})\n");
		await shell.until(/\{\}\)\r?\n/);
		shell.type(CTRL_C);
		await shell.until(/interrupted/);
		shell.type("[before.aborted, signal.aborted]\n");
		await shell.until(/\[ true, false \]/);
	});

	it("completes names and NIC names", async () => {
		await open();
		shell.type(`loadInterf${TAB}`);
		await shell.until(/loadInterfaces/);
		shell.type(`${CTRL_C}new Interface("${loopbackNic().slice(0, 1)}${TAB}`);
		await shell.until(new RegExp(`"${loopbackNic()}`));
		shell.type(CTRL_C);
	});

	it("lists the walk-through and runs its steps", async () => {
		await open();
		shell.type(".examples\n");
		await shell.until(/> +1 +const netifaces = await initP2pd\(\);/);
		shell.type(".examples next\n");
		await shell.until(/initP2pd[\s\S]*> $/);
		shell.type("netifaces.list().length > 0\n");
		await shell.until(/true/);
		shell.type(".examples 99\n");
		await shell.until(/> +2 +const nic/);
	});

	it("has .help, .load and .save, and preloads again after .clear", async () => {
		await open();
		shell.type(".help\n");
		await shell.until(/\.details[\s\S]*\.examples[\s\S]*\.load[\s\S]*\.save/);
		shell.type(".clear\n");
		await shell.until(/> $/);
		shell.type("typeof pipeOpen\n");
		await shell.until(/'function'/);
	});

	it("does not close an open pipe at Ctrl-C", async () => {
		await open();
		shell.type(`const pipe = await pipeOpen(null, TCP, ["${servers.echo.ip}", ${servers.echo.port}])\n`);
		await shell.until(/\n.*> /);
		shell.type("pipe.subscribe(); await pipe.recv({ timeout: Infinity })\n");
		await shell.until(/Infinity \}\)\r?\n/);
		shell.type(CTRL_C);
		await shell.until(/interrupted/);
		shell.type("await pipe.send('again'); String(await pipe.recv({ timeout: 3000 })) + pipe.state\n");
		await shell.until(/'againopen'/);
	});
});

describe("leaving the shell", () => {
	it("Ctrl-D leaves with 0 and closes every pipe", async () => {
		await open();
		shell.type("globalThis.kept = await pipeOpen(null, UDP)\n");
		await shell.until(/Pipe/);
		expect(await leave()).toBe(0);
		// The file's own check for sockets left open is the other half of this test.
	});

	it("Ctrl-C twice at an empty line leaves", async () => {
		await open();
		shell.type(CTRL_C);
		await shell.until(/again/);
		shell.type(CTRL_C);
		expect(await shell.ended).toBe(0);
	});

	it("keeps its history for the next session", async () => {
		const folder = mkdtempSync(join(tmpdir(), "p2pd-history-"));
		const file = join(folder, "state", "history");
		try {
			await open({ P2PD_HISTORY: file });
			shell.type("'remember me'\n");
			await shell.until(/'remember me'\r?\n[\s\S]*'remember me'/);
			await leave();
			expect(readFileSync(file, "utf8")).toContain("remember me");
			await open({ P2PD_HISTORY: file });
			shell.type("\u001b[A");
			await shell.until(/remember me/);
			shell.type(CTRL_C);
			await leave();
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	it("says so where history cannot be kept", async () => {
		await open({ P2PD_HISTORY: "/dev/null/history" });
		expect(shell.messages()).toMatch(/history is not kept: /);
		await leave();
	});
});
