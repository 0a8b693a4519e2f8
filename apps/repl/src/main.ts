import { CommanderError } from "commander";
import pc from "picocolors";
import { CommandError, codeOf, EXIT, errorLine } from "./errors.js";
import { type Io, wantsColour } from "./output/output.js";
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
	process.once("SIGINT", onInterrupt);
	try {
		let exitCode: number = EXIT.ok;
		const program = createProgram(io, interrupt.signal, (code) => {
			exitCode = code;
		});
		await program.parseAsync([...args], { from: "user" });
		return exitCode;
	} catch (error) {
		if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
		if (interrupt.signal.aborted) return EXIT.interrupted;
		report(error, io);
		return error instanceof CommandError ? error.exitCode : EXIT.failed;
	} finally {
		process.off("SIGINT", onInterrupt);
	}
}

/** One line for the error; with P2PD_DEBUG, or for a fault of ours (no code), the whole of it. */
function report(error: unknown, io: Io): void {
	const colours = pc.createColors(wantsColour(io.stderr, io.env));
	io.stderr.write(`${colours.red("error:")} ${errorLine(error)}\n`);
	if (error instanceof CommandError && error.hint !== undefined) io.stderr.write(`${error.hint}\n`);
	const unforeseen = error instanceof Error && codeOf(error) === undefined;
	if ((unforeseen || io.env["P2PD_DEBUG"]) && error instanceof Error) io.stderr.write(`${error.stack}\n`);
}
