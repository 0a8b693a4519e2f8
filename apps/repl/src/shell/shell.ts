import { mkdirSync } from "node:fs";
import { homedir, release } from "node:os";
import { dirname, join } from "node:path";
import type { CompleterResult } from "node:readline";
import { type REPLServer, start } from "node:repl";
import { inspect } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import type { Context } from "../context.js";
import { codeOf, EXIT, errorLine, isError } from "../errors.js";
import type { Io } from "../output/output.js";
import { readTypeScript, spellingHint } from "./evaluate.js";
import { Walkthrough } from "./first-program.js";
import { createSession } from "./session.js";

type Done = (error: Error | null, result?: CompleterResult) => void;
type Complete = (line: string, done: Done) => void;

/** The NIC name begun at the end of a line, if the line ends inside the first argument of `Interface(`. */
export function nicNameBegun(line: string): string | undefined {
	return /\bInterface\(\s*(["'`])([^"'`]*)$/.exec(line)?.[2];
}

/**
 * Adds to the shell's own completion: inside `new Interface("` the names of the NICs.
 *
 * @param nicNames the NICs' names at this moment
 */
function completeNicNames(server: REPLServer, nicNames: () => readonly string[]): void {
	const original = server.completer as Complete;
	const complete: Complete = (line, done) => {
		const begun = nicNameBegun(line);
		if (begun === undefined) original.call(server, line, done);
		else done(null, [nicNames().filter((name) => name.startsWith(begun)), begun]);
	};
	Object.defineProperty(server, "completer", { value: complete, writable: true, configurable: true });
}

/**
 * Where the shell's history is kept: P2PD_HISTORY, or the XDG state folder. An empty P2PD_HISTORY keeps none.
 */
export function historyFile(env: Io["env"]): string | undefined {
	const given = env["P2PD_HISTORY"];
	if (given !== undefined) return given === "" ? undefined : given;
	const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
	return join(state, "p2pd", "history");
}

/** Gives the shell its history. Where the file cannot be used the session has none, and the reason comes back. */
function keepHistory(server: REPLServer, file: string): Promise<unknown> {
	try {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
	} catch (error) {
		return Promise.resolve(error);
	}
	return new Promise((resolve) => server.setupHistory(file, (error) => resolve(error ?? undefined)));
}

/** How the shell prints values. */
export interface WriterOptions {
	readonly colours: boolean;
	/** The preloaded names, for hints. */
	readonly names: readonly string[];
	/** Told of every error that is printed. */
	readonly onError: (error: Error) => void;
	/** Told when Ctrl-C has ended a line. */
	readonly onInterrupt: () => void;
}

/**
 * Makes the shell's writer: values as Node shows them, an error as one line (the shell puts "Uncaught" before one that a
 * line threw). `.details` shows the rest.
 */
export function createWriter({
	colours,
	names,
	onError,
	onInterrupt,
}: WriterOptions): (value: unknown) => string {
	return (value) => {
		if (!isError(value)) return inspect(value, { colors: colours, depth: 6 });
		if (codeOf(value) === "ERR_SCRIPT_EXECUTION_INTERRUPTED") {
			onInterrupt();
			return "interrupted";
		}
		onError(value);
		const hint = spellingHint(value, names);
		return `${value.name}: ${errorLine(value)}${hint === undefined ? "" : `\n${hint}`}`;
	};
}

/** What a user reads first. */
function banner(): string {
	return [
		`p2pd ${manifest.version} shell on Node.js ${process.versions.node} / ${process.platform} ${release()}`,
		'Use "await" directly; everything of @p2pd/core is there, and "signal" aborts on Ctrl-C.',
		'Try "await new Interface().start()", .examples for a walk-through, .help for more; Ctrl-D leaves.',
	].join("\n");
}

/**
 * Runs the interactive shell until the user leaves it, and closes what the session opened.
 *
 * @returns the exit code
 */
export async function openShell(context: Context): Promise<number> {
	const { io, out } = context;
	let interrupt = new AbortController();
	const session = createSession(() => interrupt.signal);
	out.message(banner());
	const isTerminal = io.stdin.isTTY === true && io.stdout.isTTY === true;
	// At a terminal Ctrl-C reaches the shell as a key.
	if (isTerminal) context.releaseInterrupt();
	let last: Error | undefined;
	const server = start({
		prompt: "> ",
		input: io.stdin,
		output: io.stdout,
		terminal: isTerminal,
		useColors: out.colours.isColorSupported,
		preview: isTerminal,
		ignoreUndefined: true,
		breakEvalOnSigint: true,
		writer: createWriter({
			colours: out.colours.isColorSupported,
			names: Object.keys(session.names),
			onError: (error) => {
				last = error;
			},
			onInterrupt: () => {
				interrupt.abort();
				interrupt = new AbortController();
			},
		}),
	});
	readTypeScript(server);
	preload(server, session.names, () => interrupt.signal);
	addCommands(server, context, () => last);
	completeNicNames(server, () => (session.names["Interface"] as { list(): string[] }).list());
	const ended = new Promise<void>((resolve) => server.once("exit", resolve));
	const file = historyFile(io.env);
	if (file !== undefined && isTerminal) {
		const fault = await keepHistory(server, file);
		if (fault !== undefined) out.warn(`history is not kept: ${errorLine(fault)}`);
	}
	await ended;
	interrupt.abort();
	for (const fault of await session.close()) out.warn(`closing: ${errorLine(fault)}`);
	return EXIT.ok;
}

function preload(
	server: REPLServer,
	names: Readonly<Record<string, unknown>>,
	signal: () => AbortSignal,
): void {
	const define = (): void => {
		for (const [name, value] of Object.entries(names)) {
			Object.defineProperty(server.context, name, {
				value,
				configurable: true,
				writable: true,
				enumerable: true,
			});
		}
		Object.defineProperty(server.context, "signal", { get: signal, configurable: true });
	};
	define();
	// `.clear` makes a new context.
	server.on("reset", define);
}

function addCommands(server: REPLServer, { io, out }: Context, lastError: () => unknown): void {
	const walkthrough = new Walkthrough();
	server.defineCommand("examples", {
		help: 'The walk-through: list it, or run a step: ".examples next", ".examples 3"',
		action(this: REPLServer, wanted: string) {
			this.clearBufferedCommand();
			const step = wanted.trim() === "" ? undefined : walkthrough.take(wanted.trim());
			if (step !== undefined) {
				this.displayPrompt();
				this.write(`${step}\n`);
				return;
			}
			io.stdout.write(`${walkthrough.list()}\n`);
			this.displayPrompt();
		},
	});
	server.defineCommand("details", {
		help: "The last error whole, with its stack and cause",
		action(this: REPLServer) {
			const error = lastError();
			const text =
				error === undefined ? "no error yet" : inspect(error, { colors: out.colours.isColorSupported });
			io.stdout.write(`${text}\n`);
			this.displayPrompt();
		},
	});
}
