import { openShell } from "../../../src/shell/shell.js";
import { fakeIo } from "../../support/fake-io.js";
import { contextOf } from "../../support/live-shell.js";

/** Types the lines into a shell, one after the other, and gives what it printed. */
export async function run(lines: string): Promise<{ stdout: string; exitCode: number }> {
	const io = fakeIo(lines, { P2PD_HISTORY: "" }, true);
	const exitCode = await openShell(contextOf(io));
	return { stdout: io.written().stdout, exitCode };
}
