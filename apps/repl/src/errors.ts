import { types } from "node:util";
import { printable } from "@p2pd/core/net";

/*
 * CommandError             what a command says in one line before it ends with `exitCode`
 * └─ UsageError            ERR_CLI_USAGE: an argument or option is wrong; exit code 2
 */

/** Exit codes of the `p2pd` command. */
export const EXIT = {
	/** The answer was found. */
	ok: 0,
	/** The question was understood and has no answer, or asking failed. */
	failed: 1,
	/** An argument or option is wrong. */
	usage: 2,
	/** Ended by Ctrl-C: 128 + SIGINT, as shells count. */
	interrupted: 130,
} as const;

/** A command's failure, told to the user in one line. `code` is `ERR_CLI_FAILED` unless a subclass says otherwise. */
export class CommandError extends Error {
	override readonly name: string = "CommandError";
	readonly code: string = "ERR_CLI_FAILED";
	readonly exitCode: number = EXIT.failed;
	/** What the user can do about it, as a second line; or nothing. */
	readonly hint: string | undefined;

	constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.hint = options.hint;
	}
}

/** An argument or option that is wrong. */
export class UsageError extends CommandError {
	override readonly name = "UsageError";
	override readonly code = "ERR_CLI_USAGE";
	override readonly exitCode = EXIT.usage;
}

/** Whether a value is an error, also one of another realm: the shell's context has an `Error` of its own. */
export const isError = (value: unknown): value is Error =>
	types.isNativeError(value) || value instanceof Error;

const text = (error: unknown): string => (isError(error) ? error.message || error.name : String(error));

/** The stable code of an error, or nothing. */
export function codeOf(error: unknown): string | undefined {
	const code = isError(error) ? (error as { code?: unknown }).code : undefined;
	return typeof code === "string" ? code : undefined;
}

/**
 * An error in one printable line: what went wrong, the cause where the message does not name it, and the stable code
 * (not for the command's own errors).
 */
export function errorLine(error: unknown): string {
	const message = text(error).split("\n", 1)[0] ?? "";
	const cause = isError(error) && error.cause !== undefined ? text(error.cause).split("\n", 1)[0] : undefined;
	const why = cause !== undefined && cause !== "" && !message.includes(cause) ? `: ${cause}` : "";
	const code = error instanceof CommandError ? undefined : codeOf(error);
	return printable(`${message}${why}${code === undefined || message.includes(code) ? "" : ` (${code})`}`);
}
