import type { CommandLine } from "./completion.js";
import type { Io, Output, Progress } from "./output/output.js";

/** Options that every command takes. */
export interface CommonOptions {
	/** The NIC's name; without it, the default NIC. */
	readonly nic?: string;
	/** The address family; without it, every family that there is. */
	readonly family?: 4 | 6;
	/** STUN servers as `host:port`; without it, P2PD_STUN_SERVERS or the public default list. */
	readonly stun?: readonly string[];
	/** Overall deadline of the command's questions, in milliseconds. */
	readonly timeout: number;
	/** Results as JSON. */
	readonly json: boolean;
	/** Whether to ask what kind of NAT there is. */
	readonly nat: boolean;
	/** No messages, only results and errors. */
	readonly quiet: boolean;
}

/** What a command is given to work with. */
export interface Context {
	readonly io: Io;
	readonly out: Output;
	readonly progress: Progress;
	readonly options: CommonOptions;
	/** Aborts on Ctrl-C. */
	readonly signal: AbortSignal;
	/**
	 * Gives Ctrl-C up, for the shell, which handles it itself. While a SIGINT listener exists, Node cannot interrupt
	 * a line that loops for ever and the process ends instead.
	 */
	readonly releaseInterrupt: () => void;
	/** What is left of the overall deadline, in milliseconds; at least 1. Each question is given this, so they share it. */
	readonly timeLeft: () => number;
	/** The whole command line as data. */
	readonly commandLine: () => readonly CommandLine[];
}

/** A command's body: takes its arguments and own options, and resolves to the exit code. */
export type Run = (
	context: Context,
	args: readonly string[],
	own: Readonly<Record<string, unknown>>,
) => Promise<number>;
