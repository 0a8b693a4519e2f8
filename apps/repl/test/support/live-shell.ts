import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Context } from "../../src/context.js";
import { createOutput, createProgress } from "../../src/output/output.js";
import { openShell } from "../../src/shell/shell.js";
import { fakeIo } from "./fake-io.js";

export const CTRL_C = "\u0003";
export const CTRL_D = "\u0004";
export const TAB = "\t";

/** A shell that runs in this process, its keys typed by the test. */
export interface LiveShell {
	/** Types keys; a line ends with \n. */
	type(keys: string): void;
	/** Waits until what was printed since the last wait matches. */
	until(pattern: RegExp): Promise<string>;
	/** The exit code. */
	readonly ended: Promise<number>;
	/** What went to stderr. */
	messages(): string;
}

/** The context of a command in a test. */
export function contextOf(io: Context["io"]): Context {
	return {
		io,
		out: createOutput(io, { quiet: false, colour: false }),
		progress: createProgress(io, true),
		options: { timeout: 10_000, json: false, nat: true, quiet: false },
		signal: new AbortController().signal,
		releaseInterrupt: () => undefined,
		timeLeft: () => 10_000,
		commandLine: () => [],
	};
}

/** Opens a shell at a terminal that the test types at. */
export function liveShell(env: Readonly<Record<string, string>> = { P2PD_HISTORY: "" }): LiveShell {
	const keys = new PassThrough();
	const io = fakeIo(keys, env, true);
	const ended = openShell(contextOf(io));
	let seen = 0;
	return {
		type: (text) => void keys.write(text),
		async until(pattern) {
			for (;;) {
				const fresh = stripVTControlCharacters(io.written().stdout).slice(seen);
				const found = pattern.exec(fresh);
				if (found !== null) {
					seen += found.index + found[0].length;
					return fresh;
				}
				await new Promise((resolve) => io.stdout.once("data", resolve));
			}
		},
		ended,
		messages: () => io.written().stderr,
	};
}
