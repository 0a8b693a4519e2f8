import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lab } from "@p2pd/testnet/lab";

/** A terminal in a host of a laboratory: tmux, with a program at its keys. */
export interface Terminal {
	/** Types text as it stands. */
	type(text: string): Promise<void>;
	/** Presses a key by tmux's name for it: Enter, Tab, C-c. */
	press(key: string): Promise<void>;
	/** What is on the screen and above it; wrapped lines are joined. */
	screen(): Promise<string>;
	/** What is on the screen alone, line by line as it stands. */
	lines(): Promise<string[]>;
	/** Waits until the screen matches. */
	until(pattern: RegExp): Promise<string>;
	resize(columns: number): Promise<void>;
	close(): Promise<void>;
}

/** Why there is no tmux, or undefined. With P2PD_LAB=required its absence is an error. */
export function tmuxMissing(): string | undefined {
	try {
		execFileSync("tmux", ["-V"]);
		return undefined;
	} catch (error) {
		if (process.env["P2PD_LAB"] === "required") throw error;
		return "tmux is not installed";
	}
}

/** How often the screen is looked at: each look is a process. */
const LOOK_EVERY = 100;
/** Looks before giving up: half a minute. */
const MOST_LOOKS = 300;

/** Opens a terminal of so many columns and starts the command in it. */
export async function openTerminal(
	lab: Lab,
	command: string,
	{ columns = 120, env = {} }: { columns?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<Terminal> {
	const folder = mkdtempSync(join(tmpdir(), "p2pd-tmux-"));
	const tmux = async (...args: string[]): Promise<string> => {
		const given = ["-f", "/dev/null", "-S", join(folder, "socket"), ...args];
		const { code, stdout, stderr } = await lab.exec("client", "tmux", given, {
			env: { TERM: "xterm", ...env },
		});
		if (code !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
		return stdout;
	};
	await tmux("new-session", "-d", "-x", String(columns), "-y", "50", command);
	const screen = (): Promise<string> => tmux("capture-pane", "-p", "-J", "-S", "-2000");
	return {
		type: async (text) => void (await tmux("send-keys", "-l", text)),
		press: async (key) => void (await tmux("send-keys", key)),
		screen,
		lines: async () => (await tmux("capture-pane", "-p")).split("\n"),
		async until(pattern) {
			let seen = "";
			for (let looks = 0; looks < MOST_LOOKS; looks++) {
				seen = await screen();
				if (pattern.test(seen)) return seen;
				await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
			}
			throw new Error(`${pattern} did not come; the screen is:\n${seen}`);
		},
		resize: async (width) => void (await tmux("resize-window", "-x", String(width))),
		async close() {
			await tmux("kill-server").catch((error: unknown) => {
				// The program has left, and the server with it.
				if (!/no server|lost server|error connecting/.test(String(error))) throw error;
			});
			rmSync(folder, { recursive: true });
		},
	};
}
