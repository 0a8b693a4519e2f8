import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

/*
 * Real programs as peers, on the loopback alone.
 */

/** Whether a program is there; `P2PD_LAB=required` makes its lack an error. */
export function lacks(tool: string): boolean {
	const missing = spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0;
	if (missing && process.env["P2PD_LAB"] === "required") throw new Error(`${tool} is not installed`);
	return missing;
}

/** Runs a program to its end, and gives what it printed. */
export async function run(tool: string, args: readonly string[]): Promise<string> {
	const { stdout } = await promisify(execFile)(tool, [...args], { timeout: 20_000, env: bareEnv() });
	return stdout;
}

/** A program that runs until it is stopped. */
export class Tool {
	readonly #child: ChildProcess;
	#printed = "";

	constructor(tool: string, args: readonly string[]) {
		this.#child = spawn(tool, [...args], { stdio: ["pipe", "pipe", "pipe"], env: bareEnv() });
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream?.on("data", (data: Buffer) => {
				this.#printed += data.toString();
			});
		}
	}

	get printed(): string {
		return this.#printed;
	}

	write(text: string): void {
		this.#child.stdin?.write(text);
	}

	/** Waits until it has printed `text`. */
	async prints(text: string): Promise<void> {
		while (!this.#printed.includes(text)) {
			const more = [this.#child.stdout, this.#child.stderr].map((stream) => stream && once(stream, "data"));
			const ended = once(this.#child, "close").then(() => {
				throw new Error(`it ended without ${text}: ${this.#printed}`);
			});
			await Promise.race([...more, ended]);
		}
	}

	async stop(): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		const closed = once(this.#child, "close");
		this.#child.kill("SIGKILL");
		await closed;
	}
}

/** No proxy and no configuration of the user may turn a program away from the loopback. */
function bareEnv(): NodeJS.ProcessEnv {
	return { PATH: process.env["PATH"], HOME: "/nonexistent", LC_ALL: "C" };
}
