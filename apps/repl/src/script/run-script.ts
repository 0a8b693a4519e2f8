import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { closestName } from "@p2pd/core/net";
import type { Context } from "../context.js";
import { EXIT, errorLine, UsageError } from "../errors.js";
import { createSession } from "../shell/session.js";
import { type HookData, initialize, load, resolve as resolveModule, SCRIPT_URL } from "./hooks.js";

/** The code given on the command line instead of a file. */
interface Given {
	/** `-e`: run it. */
	readonly code: string | undefined;
	/** `-p`: evaluate it and print the value. */
	readonly print: string | undefined;
}

/**
 * Runs a file, or code from the command line or stdin, as a module with everything of `@p2pd/core` preloaded, then closes
 * what it opened through these names.
 *
 * @returns the exit code: what the script set as `process.exitCode`, else 0
 * @throws UsageError if there is no such file; whatever the script throws
 */
export async function runScript(context: Context, args: readonly string[], given: Given): Promise<number> {
	const [first, ...rest] = args;
	const inline = given.print === undefined ? given.code : `export default (${given.print}\n);`;
	const file = inline !== undefined || first === undefined || first === "-" ? undefined : resolve(first);
	if (first !== undefined && file !== undefined && !existsSync(file)) {
		const meant = closestName(
			first,
			context.commandLine().flatMap(({ name }) => (name === "" ? [] : [name])),
		);
		throw new UsageError(`there is no command and no file called "${first}"`, {
			hint: meant === undefined ? "p2pd --help lists the commands" : `did you mean: p2pd ${meant}`,
		});
	}
	const data: HookData = {
		code: file === undefined ? (inline ?? (await text(context.io.stdin))) : undefined,
		base: pathToFileURL(join(process.cwd(), "script")).href,
		home: import.meta.url,
	};
	addHooks(data);
	process.argv.splice(1, process.argv.length, file ?? "p2pd", ...(inline === undefined ? rest : args));
	const session = createSession(() => context.signal);
	for (const [name, value] of Object.entries({ ...session.names, signal: context.signal })) {
		Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
	}
	try {
		const module = (await import(file === undefined ? SCRIPT_URL : pathToFileURL(file).href)) as {
			default?: unknown;
		};
		if (given.print !== undefined) {
			const { default: value } = module;
			const colors = context.out.colours.isColorSupported;
			context.out.result(typeof value === "string" ? value : inspect(value, { colors, depth: 6 }));
		}
	} finally {
		for (const fault of await session.close()) context.out.warn(`closing: ${errorLine(fault)}`);
	}
	return typeof process.exitCode === "number" ? process.exitCode : EXIT.ok;
}

/** Adds the hooks: on this thread where Node can (22.15 and later), else on one of their own. */
function addHooks(data: HookData): void {
	const { registerHooks } = nodeModule as { registerHooks?: (hooks: object) => unknown };
	if (registerHooks === undefined) {
		nodeModule.register(hooksUrl(), { data });
		return;
	}
	initialize(data);
	registerHooks({ resolve: resolveModule, load });
}

/** The hooks stand beside this module in the source, and beside the command's entry when built. */
function hooksUrl(): URL {
	const source = import.meta.url.endsWith(".ts");
	return new URL(source ? "./hooks.ts" : "./script/hooks.js", import.meta.url);
}
