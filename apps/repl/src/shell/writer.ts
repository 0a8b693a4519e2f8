import { inspect } from "node:util";
import { codeOf, errorLine, isError } from "../errors.js";

/** How the shell prints values. */
export interface WriterOptions {
	readonly colours: boolean;
	/** Told of every error that is printed. */
	readonly onError: (error: Error) => void;
	/** Told when Ctrl-C has ended a line. */
	readonly onInterrupt: () => void;
}

/**
 * Makes the shell's writer: values as Node shows them, an error as one line (the shell puts "Uncaught" before one that a
 * line threw). `.details` shows the rest.
 */
export function createWriter({ colours, onError, onInterrupt }: WriterOptions): (value: unknown) => string {
	return (value) => {
		if (!isError(value)) return inspect(value, { colors: colours, depth: 6 });
		if (codeOf(value) === "ERR_SCRIPT_EXECUTION_INTERRUPTED") {
			onInterrupt();
			return "interrupted";
		}
		onError(value);
		return `${value.name}: ${errorLine(value)}`;
	};
}
