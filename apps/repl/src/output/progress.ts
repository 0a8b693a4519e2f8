import yoctoSpinner from "yocto-spinner";
import type { Io } from "../io.js";

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
			const spinner = yoctoSpinner({ text, stream: io.stderr, handleSignals: false }).start();
			try {
				return await work();
			} finally {
				spinner.stop();
			}
		},
	};
}
