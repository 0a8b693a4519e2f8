import { scripts } from "../completion.js";
import type { Run } from "../context.js";
import { EXIT, UsageError } from "../errors.js";

/** `p2pd completion bash|zsh|fish`: a script for the shell that completes commands, options and NIC names. */
export const run: Run = async ({ out, commandLine }, [shell = ""]) => {
	const write = scripts[shell];
	if (write === undefined) {
		throw new UsageError(`no completion for "${shell}"; there is: ${Object.keys(scripts).join(", ")}`);
	}
	out.result(write(commandLine()));
	return EXIT.ok;
};
