import { createOutput } from "../../../src/output/output.js";
import { createProgress } from "../../../src/output/progress.js";
import { openShell } from "../../../src/shell/shell.js";
import { fakeIo } from "../../support/fake-io.js";

/** Types the lines into a shell, one after the other, and gives what it printed. */
export async function run(lines: string): Promise<{ stdout: string; exitCode: number }> {
	const io = fakeIo(lines, { P2PD_HISTORY: "" }, true);
	const options = { timeout: 10_000, json: false, nat: true, quiet: false };
	const exitCode = await openShell({
		io,
		out: createOutput(io, { quiet: false, colour: false }),
		progress: createProgress(io, true),
		options,
		signal: new AbortController().signal,
		commandLine: () => [],
	});
	return { stdout: io.written().stdout, exitCode };
}
