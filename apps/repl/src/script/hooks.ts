import { readFile } from "node:fs/promises";
import type { LoadHook, ResolveHook } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * Module hooks for scripts (they run on a thread of their own, see node:module `register`):
 * - `p2pd:script` is code that has no file: -e, -p and stdin. Its relative imports start from the working folder.
 * - types are stripped from TypeScript files.
 * - `@p2pd/...` is found from the p2pd command where the script's own folder has none.
 */

/** What the main thread hands over. */
export interface HookData {
	/** The code behind `p2pd:script`. */
	readonly code: string | undefined;
	/** The URL that imports of such code start from. */
	readonly base: string;
	/** The URL of the p2pd command. */
	readonly home: string;
}

/** The URL of code that has no file. */
export const SCRIPT_URL = "p2pd:script";

let data: HookData = { code: undefined, base: "", home: "" };

/** Called once by node:module `register`. */
export function initialize(given: HookData): void {
	data = given;
}

/** node:module's resolve hook. */
export const resolve: ResolveHook = async (specifier, context, next) => {
	if (specifier === SCRIPT_URL) return { url: SCRIPT_URL, format: "module", shortCircuit: true };
	const from = context.parentURL === SCRIPT_URL ? { ...context, parentURL: data.base } : context;
	try {
		return await next(specifier, from);
	} catch (error) {
		if (!specifier.startsWith("@p2pd/")) throw error;
		return next(specifier, { ...context, parentURL: data.home });
	}
};

const TYPESCRIPT = /\.(ts|mts)$/;

/** node:module's load hook. */
export const load: LoadHook = async (url, context, next) => {
	if (url === SCRIPT_URL)
		return { format: "module", source: await strip(data.code ?? ""), shortCircuit: true };
	if (!url.startsWith("file:") || !TYPESCRIPT.test(new URL(url).pathname)) return next(url, context);
	return {
		format: "module",
		source: await strip(await readFile(fileURLToPath(url), "utf8")),
		shortCircuit: true,
	};
};

/** TypeScript without its types; places in the text stay where they were. JavaScript comes through as it is. */
async function strip(source: string): Promise<string> {
	const { transformSync } = await import("@swc/wasm-typescript");
	return transformSync(source, { mode: "strip-only", module: true }).code;
}
