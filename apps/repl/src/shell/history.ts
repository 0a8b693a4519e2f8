import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { REPLServer } from "node:repl";
import type { Io } from "../io.js";

/**
 * Where the shell's history is kept: P2PD_HISTORY, or the XDG state folder. An empty P2PD_HISTORY keeps none.
 */
export function historyFile(env: Io["env"]): string | undefined {
	const given = env["P2PD_HISTORY"];
	if (given !== undefined) return given === "" ? undefined : given;
	const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
	return join(state, "p2pd", "history");
}

/** Gives the shell its history. Where the file cannot be used the session has none, and the reason comes back. */
export function keepHistory(server: REPLServer, file: string): Promise<unknown> {
	try {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
	} catch (error) {
		return Promise.resolve(error);
	}
	return new Promise((resolve) => server.setupHistory(file, (error) => resolve(error ?? undefined)));
}
