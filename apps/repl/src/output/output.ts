import { printable } from "@p2pd/core/net";
import { createColors } from "picocolors";
import yoctoSpinner from "yocto-spinner";
import { safeJson } from "./text.js";

/** Where a command reads from and writes to, and what it may know of its surroundings. */
export interface Io {
	readonly stdin: NodeJS.ReadStream;
	/** Results go here. */
	readonly stdout: NodeJS.WriteStream;
	/** Messages, progress and errors go here. */
	readonly stderr: NodeJS.WriteStream;
	readonly env: Readonly<Record<string, string | undefined>>;
}

/** Columns that a result may use: those of the terminal, or as many as it needs where there is none. */
function columnsOf(io: Io): number {
	return io.stdout.isTTY ? Math.max(20, io.stdout.columns) : Number.POSITIVE_INFINITY;
}

/**
 * Whether to colour what goes to `stream`: NO_COLOR and FORCE_COLOR as no-color.org and force-color.org have them,
 * else a terminal that is not "dumb".
 */
export function wantsColour(stream: NodeJS.WriteStream, env: Io["env"]): boolean {
	if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
	if (env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "") return env["FORCE_COLOR"] !== "0";
	return stream.isTTY === true && env["TERM"] !== "dumb";
}

/** The colours of a stream: functions that leave text as it is where colour is not wanted. */
export type Colours = ReturnType<typeof createColors>;

/** What a command writes with: results to stdout, messages to stderr. */
export interface Output {
	/** Colours for results. */
	readonly colours: Colours;
	/** Columns that a result may use; Infinity where stdout is no terminal. */
	readonly columns: number;
	/** Writes a rendered result (a table, facts, a report) as it is, and a line end. */
	result(text: string): void;
	/** Writes text from outside as one line of the result, made printable. */
	plain(text: string): void;
	/** Writes a result as JSON. */
	json(value: unknown): void;
	/** Writes a result as JSON on one line, for results that come one by one. */
	line(value: unknown): void;
	/** Writes a message, unless `--quiet`. */
	message(text: string): void;
	/** Writes a message even so: errors, and what the user must know. */
	warn(text: string): void;
}

/** Makes the output of a command. */
export function createOutput(io: Io, options: { quiet: boolean; colour: boolean }): Output {
	return {
		colours: createColors(options.colour && wantsColour(io.stdout, io.env)),
		columns: columnsOf(io),
		result: (text) => void io.stdout.write(`${text}\n`),
		plain: (text) => void io.stdout.write(`${printable(text)}\n`),
		json: (value) => void io.stdout.write(`${safeJson(value, 2)}\n`),
		line: (value) => void io.stdout.write(`${safeJson(value)}\n`),
		message: (text) => void (options.quiet || io.stderr.write(`${printableLines(text)}\n`)),
		warn: (text) => void io.stderr.write(`${printableLines(text)}\n`),
	};
}

const printableLines = (text: string): string => text.split("\n").map(printable).join("\n");

/** Tells a person at a terminal what is being asked. */
export interface Progress {
	/** Runs `work` while the text turns on stderr; where stderr is no terminal, just runs it. */
	during<T>(text: string, work: () => Promise<T>): Promise<T>;
}

/** Makes the progress of a command. It shows nothing with `quiet`, and nothing without a terminal. */
export function createProgress(io: Io, quiet: boolean): Progress {
	if (quiet || io.stderr.isTTY !== true) return { during: (_text, work) => work() };
	return {
		async during(text, work) {
			// Ctrl-C is the command's own to handle: the spinner must not end the process.
			const spinner = yoctoSpinner({
				text: printable(text),
				stream: io.stderr,
				handleSignals: false,
			}).start();
			try {
				return await work();
			} finally {
				spinner.stop();
			}
		},
	};
}
