import type { Run } from "../context.js";
import { UsageError } from "../errors.js";

/** `p2pd [script]`, `p2pd -e CODE`, `p2pd -p EXPRESSION`, code on stdin, or the interactive shell. */
export const run: Run = async (context, args, own) => {
	const { eval: code, print } = own as { eval?: string; print?: string };
	if (code !== undefined && print !== undefined) throw new UsageError("use -e or -p, not both");
	if (code !== undefined || print !== undefined || args.length > 0 || context.io.stdin.isTTY !== true) {
		const { runScript } = await import("../script/run-script.js");
		return runScript(context, args, { code, print });
	}
	const { openShell } = await import("../shell/shell.js");
	// Timers that the user's code left running must not keep the process: the user has gone.
	process.exit(await openShell(context));
};
