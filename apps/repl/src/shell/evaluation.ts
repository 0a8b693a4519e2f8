import type { REPLEval, REPLServer } from "node:repl";
import { Recoverable } from "node:repl";
import { codeOf } from "../errors.js";

/** What became of a line that failed. */
export interface Failure {
	readonly error: unknown;
	/** Whether Ctrl-C ended it. */
	readonly interrupted: boolean;
}

/**
 * Wraps the shell's evaluation: a failed line is told to `onFailure` instead of being printed with its stack. A line that
 * is not finished yet passes through, so that the shell asks for the rest.
 */
export function reportFailures(server: REPLServer, onFailure: (failure: Failure) => void): void {
	const evaluate: REPLEval = server.eval;
	const wrapped: REPLEval = function (this: REPLServer, code, context, file, done) {
		evaluate.call(this, code, context, file, (error, value) => {
			if (error === null || error instanceof Recoverable) {
				done(error, value);
				return;
			}
			onFailure({ error, interrupted: codeOf(error) === "ERR_SCRIPT_EXECUTION_INTERRUPTED" });
			done(null, undefined);
		});
	};
	Object.defineProperty(server, "eval", { value: wrapped, writable: true, configurable: true });
}
