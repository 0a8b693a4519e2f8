/** Where a command reads from and writes to, and what it may know of its surroundings. */
export interface Io {
	readonly stdin: NodeJS.ReadStream;
	/** Results go here. */
	readonly stdout: NodeJS.WriteStream;
	/** Messages, progress and errors go here. */
	readonly stderr: NodeJS.WriteStream;
	readonly env: Readonly<Record<string, string | undefined>>;
}

/** Columns that a result may use: those of the terminal, or as many as it needs where there is none. */
export function columnsOf(io: Io): number {
	return io.stdout.isTTY ? Math.max(20, io.stdout.columns) : Number.POSITIVE_INFINITY;
}

/**
 * Whether to colour what goes to `stream`: NO_COLOR and FORCE_COLOR as no-color.org and force-color.org have them,
 * else a terminal that is not "dumb".
 */
export function wantsColour(stream: NodeJS.WriteStream, env: Io["env"]): boolean {
	if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
	if (env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "") return env["FORCE_COLOR"] !== "0";
	return stream.isTTY === true && env["TERM"] !== "dumb";
}
