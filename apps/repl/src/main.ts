import { fileURLToPath } from "node:url";
import { printable } from "@p2pd/core/net";
import { CommanderError } from "commander";
import pc from "picocolors";
import { CommandError, codeOf, EXIT, errorLine, isError } from "./errors.js";
import { type Io, wantsColour } from "./output/output.js";
import { safeJson } from "./output/text.js";
import { createProgram } from "./program.js";

/**
 * Runs the `p2pd` command.
 *
 * @param args the arguments after the command's name
 * @returns the exit code: see {@link EXIT}
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
	const interrupt = new AbortController();
	const onInterrupt = (): void => interrupt.abort();
	const release = (): void => void process.off("SIGINT", onInterrupt);
	process.once("SIGINT", onInterrupt);
	try {
		let exitCode: number = EXIT.ok;
		const program = createProgram(io, { signal: interrupt.signal, release }, (code) => {
			exitCode = code;
		});
		await program.parseAsync([...args], { from: "user" });
		return exitCode;
	} catch (error) {
		const wantsJson = args.includes("--json");
		if (error instanceof CommanderError) {
			if (error.exitCode === 0) return EXIT.ok;
			// Commander has written its message already.
			if (wantsJson) reportJson("ERR_CLI_USAGE", error.message.replace(/^error: /, ""), null, io);
			return EXIT.usage;
		}
		if (interrupt.signal.aborted) return EXIT.interrupted;
		report(error, io);
		if (wantsJson) {
			const hint = error instanceof CommandError ? error.hint : undefined;
			reportJson(codeOf(error) ?? "ERR_CLI_FAILED", errorLine(error), hint ?? null, io);
		}
		return error instanceof CommandError ? error.exitCode : EXIT.failed;
	} finally {
		release();
	}
}

/** A failure as JSON, so that a program that asked for JSON always gets some. */
function reportJson(code: string, message: string, hint: string | null, io: Io): void {
	io.stdout.write(`${safeJson({ schema: "p2pd-error", version: 1, code, message, hint }, 2)}\n`);
}

/**
 * One line for the error and one for what to do. The stack follows with P2PD_DEBUG; without it, an error that has no
 * code shows the lines of the user's own script that it came through, and nothing of p2pd's or Node's.
 */
function report(error: unknown, io: Io): void {
	const colours = pc.createColors(wantsColour(io.stderr, io.env));
	io.stderr.write(`${colours.red("error:")} ${errorLine(error)}\n`);
	if (error instanceof CommandError && error.hint !== undefined) io.stderr.write(`${error.hint}\n`);
	if (!isError(error)) return;
	if (io.env["P2PD_DEBUG"]) io.stderr.write(`${error.stack}\n`);
	else if (codeOf(error) === undefined) {
		const frames = scriptFrames(error.stack ?? "");
		io.stderr.write(frames.length > 0 ? `${frames.join("\n")}\n` : "P2PD_DEBUG=1 shows the stack\n");
	}
}

/** This command's own folder: where it was built to, or its source. */
const OWN_FOLDER = new URL(".", import.meta.url).href;

/** The frames of a stack that are in the user's code: not in Node, in this command, or in a package. */
function scriptFrames(stack: string): string[] {
	return stack
		.split("\n")
		.filter((line) => /^\s+at /.test(line))
		.filter((line) => !/\bnode:|[\\/]node_modules[\\/]/.test(line))
		.filter((line) => !line.includes(OWN_FOLDER) && !line.includes(fileURLToPath(OWN_FOLDER)))
		.filter((line) => /file:|p2pd:script|[\\/]/.test(line))
		.map(printable);
}
