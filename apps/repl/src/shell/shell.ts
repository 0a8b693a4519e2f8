import { release } from "node:os";
import { type REPLServer, start } from "node:repl";
import { inspect } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import type { Context } from "../context.js";
import { EXIT, errorLine } from "../errors.js";
import { completeNicNames } from "./completion.js";
import { historyFile, keepHistory } from "./history.js";
import { createSession } from "./session.js";
import { Walkthrough } from "./walkthrough.js";
import { createWriter } from "./writer.js";

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
			onError: (error) => {
				last = error;
			},
			onInterrupt: () => {
				interrupt.abort();
				interrupt = new AbortController();
			},
		}),
	});
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
