import { execFile } from "node:child_process";
import { CommandError } from "../errors.js";
import { COMMAND_MAX_OUTPUT } from "./defaults.js";
import type { CommandOutput, CommandRunner } from "./types.js";

/**
 * Runs a program of the OS by `execFile`: no shell, no words of ours but its arguments, a deadline.
 *
 * @throws CommandError (ERR_NETIF_COMMAND) when it cannot be run, fails or is too slow
 */
export const runCommand: CommandRunner = (command, args, { timeout, signal }) =>
	new Promise<CommandOutput>((resolve, reject) => {
		execFile(
			command,
			[...args],
			{
				timeout,
				killSignal: "SIGKILL",
				maxBuffer: COMMAND_MAX_OUTPUT,
				windowsHide: true,
				encoding: "utf8",
				// Programs translate their words by the locale; the parsers read the untranslated ones.
				env: { ...process.env, LC_ALL: "C", LANG: "C" },
				...(signal ? { signal } : {}),
			},
			(error, stdout, stderr) => {
				if (!error) resolve({ stdout, stderr });
				else if (signal?.aborted) reject(signal.reason);
				else reject(new CommandError(command, failureReason(error, timeout), { cause: error }));
			},
		);
	});

function failureReason(
	error: Error & { code?: string | number | null; killed?: boolean; signal?: NodeJS.Signals | null },
	timeout: number,
): string {
	if (typeof error.code === "string") return error.code;
	if (error.killed) return `no answer within ${timeout} ms`;
	return error.signal ? `signal ${error.signal}` : `exit ${error.code}`;
}
