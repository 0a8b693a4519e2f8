import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Family } from "@p2pd/net";
import { AddressDnsError, AddressNotFoundError } from "../errors.js";

/** Set in the environment of the process, so that a program which is its own Node does not start itself endlessly. */
const MARK = "P2PD_ADDRESS_LOOKUP_PROCESS";
/** Threads for getaddrinfo in the process. With Node's default of 4, two dead names would block all others. */
const THREADS = "32";

/**
 * What the process runs: getaddrinfo for each line `[id, host, family]` that it reads. For each it writes a line
 * `[id, error code or null, addresses]`. It is text and not a file, so that it survives any bundler. When its input ends,
 * its parent has ended. It then kills itself, since a plain exit waits for lookups in progress.
 */
const SCRIPT = `"use strict";
const { lookup } = require("node:dns");
let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
	const lines = (rest + chunk).split("\\n");
	rest = lines.pop();
	for (const line of lines) {
		const [id, host, family] = JSON.parse(line);
		lookup(host, { family, all: true, verbatim: true }, (error, found) => {
			const addresses = error ? [] : found.map((one) => one.address);
			process.stdout.write(JSON.stringify([id, error ? String(error.code) : null, addresses]) + "\\n");
		});
	}
});
process.stdin.on("end", () => process.kill(process.pid, "SIGKILL"));
`;

type Child = ChildProcessByStdio<Writable, Readable, null>;

interface PendingLookup {
	readonly host: string;
	readonly resolve: (addresses: readonly string[]) => void;
	readonly reject: (error: unknown) => void;
}

/** A process that looks names up and can be killed while it does. It keeps the program alive only during a lookup. */
export class HelperProcess {
	readonly #child: Child;
	readonly #pending = new Map<number, PendingLookup>();
	readonly #onEnd: () => void;
	#nextId = 0;
	#stuck = false;
	#ended = false;
	#rest = "";

	/**
	 * @param host the name that it is started for, for the error
	 * @param onEnd called once when the process has ended, killed or by itself
	 * @throws AddressDnsError if no process can be started (permissions, no descriptors left); the next one may start
	 */
	constructor(host: string, onEnd: () => void) {
		if (process.env[MARK] !== undefined) {
			throw new AddressDnsError(host, `a lookup process cannot start one (${MARK} is set)`, null);
		}
		this.#onEnd = onEnd;
		this.#child = start(host, (cause) => this.#end("the lookup process did not start", cause));
		this.#child.on("exit", (code, signal) => this.#end(`the lookup process ended (${signal ?? code})`));
		// A write to a process that has just ended fails; so does its exit, at about the same time.
		this.#child.stdin.on("error", (cause) => this.#end("the lookup process hung up", cause));
		this.#child.stdout.on("error", (cause) => this.#end("the lookup process hung up", cause));
		this.#child.stdout.setEncoding("utf8");
		this.#child.stdout.on("data", (text: string) => this.#read(text));
		this.#keepAlive(false);
	}

	/** No lookup is pending. */
	get idle(): boolean {
		return this.#pending.size === 0;
	}

	/** Whether it can take another name: it is running, and no abandoned lookup blocks one of its threads. */
	get usable(): boolean {
		return !this.#stuck && !this.#ended;
	}

	/** Looks one name up. On abort it rejects at once, and the process ends when its last pending lookup does. */
	async lookup(host: string, family: Family | 0, signal: AbortSignal): Promise<readonly string[]> {
		signal.throwIfAborted();
		const id = this.#nextId++;
		const onAbort = (): void => this.#giveUp(id, signal.reason);
		signal.addEventListener("abort", onAbort, { once: true });
		try {
			return await new Promise((resolve, reject) => {
				this.#pending.set(id, { host, resolve, reject });
				this.#keepAlive(true);
				this.#child.stdin.write(`${JSON.stringify([id, host, family])}\n`);
			});
		} finally {
			signal.removeEventListener("abort", onAbort);
		}
	}

	/** Ends the process at once. Pending lookups reject. */
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
			const lookup = this.#take(id);
			if (code === null) lookup?.resolve(addresses);
			else lookup?.reject(lookupError(lookup.host, code));
		}
		if (this.#stuck && this.idle) this.kill();
	}

	#take(id: number): PendingLookup | undefined {
		const lookup = this.#pending.get(id);
		this.#pending.delete(id);
		if (this.idle) this.#keepAlive(false);
		return lookup;
	}

	#end(detail: string, cause?: unknown): void {
		if (this.#ended) return;
		this.#ended = true;
		for (const { host, reject } of this.#pending.values()) {
			reject(new AddressDnsError(host, detail, null, { cause }));
		}
		this.#pending.clear();
		this.#keepAlive(false);
		this.#onEnd();
	}

	/** Whether the process and its pipes keep the program alive. */
	#keepAlive(on: boolean): void {
		const handles: readonly unknown[] = [this.#child, this.#child.stdin, this.#child.stdout];
		for (const handle of handles as readonly { ref?(): void; unref?(): void }[]) {
			if (on) handle.ref?.();
			else handle.unref?.();
		}
	}
}

/** Starts the process. Other failures are reported later, by `onError`. */
function start(host: string, onError: (cause: Error) => void): Child {
	let child: Child;
	try {
		child = spawn(process.execPath, ["-e", SCRIPT], {
			stdio: ["pipe", "pipe", "ignore"],
			env: helperEnv(),
			windowsHide: true,
		});
	} catch (cause) {
		// Node's permission model refuses in this way.
		throw new AddressDnsError(host, "the lookup process may not start", null, { cause });
	}
	if (!hasPipes(child)) {
		// The code follows as an event; what it means is known.
		child.on("error", () => undefined);
		throw new AddressDnsError(host, "the lookup process did not start: out of descriptors", null);
	}
	child.on("error", onError);
	return child;
}

/** Out of descriptors (EMFILE, ENFILE), Node makes no pipes, whatever its types say. */
function hasPipes(child: { readonly stdin?: unknown; readonly stdout?: unknown }): boolean {
	return child.stdin !== undefined && child.stdout !== undefined;
}

/** An error of getaddrinfo. ENOTFOUND means both "no such name" and "no address of that family". */
function lookupError(host: string, code: string): Error {
	return code === "ENOTFOUND"
		? new AddressNotFoundError(host, "no such name or no address")
		: new AddressDnsError(host, code, null);
}

/** The environment without the variables that make every Node process behave as the program's own does. */
function helperEnv(): NodeJS.ProcessEnv {
	const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
	return { ...env, [MARK]: "1", UV_THREADPOOL_SIZE: THREADS, ELECTRON_RUN_AS_NODE: "1" };
}
