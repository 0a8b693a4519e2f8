import type { CompleterResult } from "node:readline";
import type { REPLServer } from "node:repl";

type Done = (error: Error | null, result?: CompleterResult) => void;
type Complete = (line: string, done: Done) => void;

/** The NIC name begun at the end of a line, if the line ends inside the first argument of `Interface(`. */
export function nicNameBegun(line: string): string | undefined {
	return /\bInterface\(\s*(["'`])([^"'`]*)$/.exec(line)?.[2];
}

/**
 * Adds to the shell's own completion: inside `new Interface("` the names of the NICs.
 *
 * @param nicNames the NICs' names at this moment
 */
export function completeNicNames(server: REPLServer, nicNames: () => readonly string[]): void {
	const original = server.completer as Complete;
	const complete: Complete = (line, done) => {
		const begun = nicNameBegun(line);
		if (begun === undefined) original.call(server, line, done);
		else done(null, [nicNames().filter((name) => name.startsWith(begun)), begun]);
	};
	Object.defineProperty(server, "completer", { value: complete, writable: true, configurable: true });
}
