import { type ChildProcess, spawn } from "node:child_process";
import type { LabExit, LabProcess } from "../types.js";

/** What to start, and how. */
export interface ProcessSpec {
	readonly command: string;
	readonly args: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly signal?: AbortSignal;
	/** Whether descriptor 3 is a pipe that the command writes its result to. */
	readonly result?: boolean;
}

/** A started command with its result pipe. */
export interface StartedProcess extends LabProcess {
	/** What came through descriptor 3; complete when it has exited. */
	result(): string;
}

function collect(stream: NodeJS.ReadableStream): () => string {
	const chunks: Buffer[] = [];
	stream.on("data", (chunk: Buffer) => chunks.push(chunk));
	return () => Buffer.concat(chunks).toString("utf8");
}

/** Ends a whole process group; one that is gone already is what was wanted. */
function killGroup(pid: number): void {
	try {
		process.kill(-pid, "SIGKILL");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}

/**
 * Starts a command as the leader of a process group of its own, so that ending it ends what it started.
 * Its output is collected whole: laboratories are short.
 */
export function startProcess(spec: ProcessSpec): StartedProcess {
	const child: ChildProcess = spawn(spec.command, [...spec.args], {
		cwd: spec.cwd,
		env: spec.env,
		detached: true,
		stdio: ["pipe", "pipe", "pipe", ...(spec.result === true ? (["pipe"] as const) : [])],
	});
	const { stdin, stdout, stderr } = child;
	if (stdin === null || stdout === null || stderr === null)
		throw new TypeError("the standard streams are pipes");
	// A command may end without reading all of its input; how it ended says what that means.
	stdin.on("error", () => undefined);
	const out = collect(stdout);
	const err = collect(stderr);
	const third = child.stdio[3];
	const result = third && "on" in third ? collect(third as NodeJS.ReadableStream) : () => "";
	let ended = false;
	const exited = new Promise<LabExit>((resolve) => {
		child.once("error", (error) =>
			resolve({ code: null, signal: null, stdout: out(), stderr: `${err()}${error.message}` }),
		);
		child.once("close", (code, signal) => resolve({ code, signal, stdout: out(), stderr: err() }));
	});
	const pid = child.pid ?? 0;
	// Once it has ended its number may be somebody else's.
	const end = (): void => {
		if (pid > 0 && !ended) killGroup(pid);
	};
	if (spec.signal?.aborted === true) end();
	spec.signal?.addEventListener("abort", end, { once: true });
	const settled = exited.then((exit) => {
		ended = true;
		spec.signal?.removeEventListener("abort", end);
		return exit;
	});
	return {
		pid,
		stdin,
		stdout,
		stderr,
		output: () => ({ stdout: out(), stderr: err() }),
		result,
		exited: settled,
		stop: () => {
			end();
			return settled;
		},
	};
}
