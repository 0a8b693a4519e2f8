import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labPath, unshareArgs } from "../availability.js";
import { SETUP_TIMEOUT } from "../defaults.js";
import { LabSetupError } from "../errors.js";
import { type StartedProcess, startProcess } from "./process.js";

/** The namespaces of a laboratory, held open by one process. */
export interface Holder {
	/** The process that keeps each namespace open, by its pid outside the laboratory. */
	readonly pids: ReadonlyMap<string, number>;
	/** Ends every process and namespace. */
	close(): Promise<void>;
}

const PREFIX = "p2pd-lab-";

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/**
 * Removes the directories that crashed runs left: their namespaces are gone with their processes, and a
 * directory with the set-up script is all that outlives them. Only those of dead processes go.
 */
export async function removeLeftovers(directory: string = tmpdir()): Promise<string[]> {
	const removed: string[] = [];
	for (const entry of await readdir(directory)) {
		const owner = /^p2pd-lab-(\d+)-/.exec(entry)?.[1];
		if (owner === undefined || isAlive(Number(owner))) continue;
		try {
			await rm(join(directory, entry), { recursive: true, force: true });
			removed.push(entry);
		} catch (error) {
			// It belongs to another user: theirs to remove.
			const { code } = error as NodeJS.ErrnoException;
			if (code !== "EACCES" && code !== "EPERM") throw error;
		}
	}
	return removed;
}

/** The lines between `ready` and `end`, or null while they are not all there. */
function parseReady(output: string): ReadonlyMap<string, number> | null {
	const body = /(?:^|\n)ready\n([\s\S]*?)end\n/.exec(output)?.[1];
	if (body === undefined) return null;
	const lines = body.split("\n").filter((line) => line !== "");
	return new Map(
		lines.map((line) => {
			const [name = "", pid = ""] = line.split(" ");
			return [name, Number(pid)] as const;
		}),
	);
}

function childrenOf(pid: number): number[] {
	return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

/** A process's number in the innermost PID namespace that it lives in. */
function innerPid(pid: number): number {
	return Number(/^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Every process below one, with the numbers that they have outside and inside. */
function descendants(pid: number): { outer: number; inner: number }[] {
	return childrenOf(pid).flatMap((outer) => [{ outer, inner: innerPid(outer) }, ...descendants(outer)]);
}

async function readiness(holder: StartedProcess): Promise<ReadonlyMap<string, number>> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(
			() =>
				reject(
					new LabSetupError(
						`the namespaces were not ready after ${SETUP_TIMEOUT} ms`,
						holder.output().stderr,
					),
				),
			SETUP_TIMEOUT,
		);
		const look = (): void => {
			const inner = parseReady(holder.output().stdout);
			if (inner === null) return;
			clearTimeout(timer);
			resolve(inner);
		};
		holder.stdout.on("data", look);
		void holder.exited.then((exit) => {
			clearTimeout(timer);
			reject(new LabSetupError(`setting up the namespaces failed (code ${exit.code})`, exit.stderr.trim()));
		});
	});
}

/**
 * Runs a laboratory's script and keeps it. Its lifetime is tied to this process by a pipe: when this process
 * ends, also by SIGKILL, the pipe closes, the script ends, and the kernel ends the rest.
 * @throws LabSetupError `ERR_LAB_SETUP` with what the failing tool printed.
 */
export async function holdNamespaces(script: string, privileges: "root" | "user-namespace"): Promise<Holder> {
	await removeLeftovers();
	const directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
	const file = join(directory, "setup.sh");
	await writeFile(file, script);
	const holder = startProcess({
		command: "unshare",
		args: [...unshareArgs(privileges), "sh", file],
		env: { ...process.env, PATH: labPath(), LAB: directory },
		cwd: "/",
	});
	const close = async (): Promise<void> => {
		await holder.stop();
		await rm(directory, { recursive: true });
	};
	try {
		const inner = await readiness(holder);
		const all = descendants(holder.pid);
		const pids = [...inner].map(([name, pid]) => {
			const found = all.find((one) => one.inner === pid);
			if (found === undefined)
				throw new LabSetupError(`the namespace ${name} ended at once`, holder.output().stderr);
			return [name, found.outer] as const;
		});
		let closing: Promise<void> | null = null;
		return {
			pids: new Map(pids),
			close: () => {
				closing ??= close();
				return closing;
			},
		};
	} catch (error) {
		await close();
		throw error;
	}
}
