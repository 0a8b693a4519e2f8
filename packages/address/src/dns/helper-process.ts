import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { AddressDnsError, AddressNotFoundError } from "../errors.js";
import type { Family } from "../types.js";
import { HELPER_SCRIPT } from "./helper-script.js";

/** Set in the process's environment, so that a program which is its own Node never starts itself again and again. */
const MARK = "P2PD_ADDRESS_LOOKUP_PROCESS";
/** Threads for getaddrinfo in the process. Node's four would let two dead names hold up all others. */
const THREADS = "32";

interface Waiting {
	readonly host: string;
	readonly resolve: (addresses: readonly string[]) => void;
	readonly reject: (error: unknown) => void;
}

/**
 * A process that looks names up, and that can be killed in the middle of it. It keeps the program alive only
 * while somebody waits for an answer.
 */
export class HelperProcess {
	readonly #child: ChildProcessByStdio<Writable, Readable, null>;
	readonly #waiting = new Map<number, Waiting>();
	readonly #onEnd: () => void;
	#nextId = 0;
	#stuck = false;
	#ended = false;
	#rest = "";

	/**
	 * @param host - The name that it is started for, for the error.
	 * @param onEnd - Called once when the process is gone, killed or by itself.
	 * @throws AddressDnsError where a process may not be started.
	 */
	constructor(host: string, onEnd: () => void) {
		if (process.env[MARK] !== undefined) {
			throw new AddressDnsError(host, `a lookup process cannot start one (${MARK} is set)`, null);
		}
		this.#onEnd = onEnd;
		this.#child = start(host);
		this.#child.on("error", (cause) => this.#end("the lookup process did not start", cause));
		this.#child.on("exit", (code, signal) => this.#end(`the lookup process ended (${signal ?? code})`));
		// A write into a process that has just ended; its exit says the same.
		this.#child.stdin.on("error", (cause) => this.#end("the lookup process hung up", cause));
		this.#child.stdout.on("error", (cause) => this.#end("the lookup process hung up", cause));
		this.#child.stdout.setEncoding("utf8");
		this.#child.stdout.on("data", (text: string) => this.#read(text));
		this.#hold(false);
	}

	/** Nobody waits for it. */
	get idle(): boolean {
		return this.#waiting.size === 0;
	}

	/** It can take another name: it is alive, and no lookup that was given up blocks it. */
	get usable(): boolean {
		return !this.#stuck && !this.#ended;
	}

	/** Looks one name up. On abort it rejects at once, and the process ends with the last one that waits for it. */
	async lookup(host: string, family: Family | 0, signal: AbortSignal): Promise<readonly string[]> {
		signal.throwIfAborted();
		const id = this.#nextId++;
		const onAbort = (): void => this.#giveUp(id, signal.reason);
		signal.addEventListener("abort", onAbort, { once: true });
		try {
			return await new Promise((resolve, reject) => {
				this.#waiting.set(id, { host, resolve, reject });
				this.#hold(true);
				this.#child.stdin.write(`${JSON.stringify([id, host, family])}\n`);
			});
		} finally {
			signal.removeEventListener("abort", onAbort);
		}
	}

	/** Ends it, whatever it does. Those who wait are rejected. */
	kill(): void {
		this.#child.kill("SIGKILL");
		this.#end("the lookup process was ended");
	}

	#giveUp(id: number, reason: unknown): void {
		this.#take(id)?.reject(reason);
		this.#stuck = true;
		if (this.idle) this.kill();
	}

	#read(text: string): void {
		const lines = (this.#rest + text).split("\n");
		this.#rest = lines.pop() ?? "";
		for (const line of lines) {
			const [id, code, addresses] = JSON.parse(line) as [number, string | null, string[]];
			const waiting = this.#take(id);
			if (code === null) waiting?.resolve(addresses);
			else waiting?.reject(lookupError(waiting.host, code));
		}
		if (this.#stuck && this.idle) this.kill();
	}

	#take(id: number): Waiting | undefined {
		const waiting = this.#waiting.get(id);
		this.#waiting.delete(id);
		if (this.idle) this.#hold(false);
		return waiting;
	}

	#end(detail: string, cause?: unknown): void {
		if (this.#ended) return;
		this.#ended = true;
		for (const { host, reject } of this.#waiting.values())
			reject(new AddressDnsError(host, detail, null, { cause }));
		this.#waiting.clear();
		this.#hold(false);
		this.#onEnd();
	}

	/** Whether the process and its pipes keep the program alive. */
	#hold(on: boolean): void {
		const handles: readonly unknown[] = [this.#child, this.#child.stdin, this.#child.stdout];
		for (const handle of handles as readonly { ref?(): void; unref?(): void }[]) {
			if (on) handle.ref?.();
			else handle.unref?.();
		}
	}
}

function start(host: string): ChildProcessByStdio<Writable, Readable, null> {
	try {
		return spawn(process.execPath, ["-e", HELPER_SCRIPT], {
			stdio: ["pipe", "pipe", "ignore"],
			env: helperEnv(),
			windowsHide: true,
		});
	} catch (cause) {
		// Node's permission model refuses it in this way.
		throw new AddressDnsError(host, "the lookup process may not start", null, { cause });
	}
}

/** getaddrinfo's word as an error of ours: ENOTFOUND is both "no such name" and "no address of that family". */
function lookupError(host: string, code: string): Error {
	return code === "ENOTFOUND"
		? new AddressNotFoundError(host, "no such name or no address")
		: new AddressDnsError(host, code, null);
}

/** The environment without what would make a Node of its own behave as the program's does. */
function helperEnv(): NodeJS.ProcessEnv {
	const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
	return { ...env, [MARK]: "1", UV_THREADPOOL_SIZE: THREADS, ELECTRON_RUN_AS_NODE: "1" };
}
