import { COMMAND_TIMEOUT } from "../defaults.js";
import { readFallback } from "../fallback.js";
import { reasonOf } from "../host-addresses.js";
import type { EnumerateOptions, OsDeps, RawSnapshot } from "../types.js";
import { parseWindows } from "./parse.js";
import { WINDOWS_SCRIPT } from "./script.js";

/** Windows: one start of PowerShell; where that is refused (policy, Nano Server), what Node itself knows. */
export async function readWindows(deps: OsDeps, options: EnumerateOptions): Promise<RawSnapshot> {
	const { timeout = COMMAND_TIMEOUT, signal } = options;
	try {
		const { stdout } = await deps.run(
			"powershell.exe",
			["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", WINDOWS_SCRIPT],
			{ timeout, ...(signal ? { signal } : {}) },
		);
		return { nics: parseWindows(stdout), routesKnown: { 4: true, 6: true }, missing: [] };
	} catch (error) {
		if (signal?.aborted) throw error;
		return readFallback(deps, options, reasonOf(error));
	}
}
