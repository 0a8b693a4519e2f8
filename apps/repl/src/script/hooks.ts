import { readFileSync } from "node:fs";
import type { LoadFnOutput, LoadHookContext, ResolveFnOutput, ResolveHookContext } from "node:module";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * Module hooks for scripts:
 * - `p2pd:script` is code that has no file: -e, -p and stdin. Its relative imports start from the working folder.
 * - types are stripped from TypeScript files.
 * - `@p2pd/...` is found from the p2pd command where the script's own folder has none.
 *
 * They run on this thread where Node has `registerHooks`, and on a thread of their own where it has only `register`; there
 * the next hook answers with a promise.
 */

/** What the hooks are told. */
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

type Eventually<T> = T | Promise<T>;

let data: HookData = { code: undefined, base: "", home: "" };

/** Tells the hooks; node:module's `register` calls it on their thread. */
export function initialize(given: HookData): void {
	data = given;
}

/** The resolve hook. */
export function resolve<T extends Eventually<ResolveFnOutput>>(
	specifier: string,
	context: ResolveHookContext,
	next: (specifier: string, context: ResolveHookContext) => T,
): T | ResolveFnOutput {
	if (specifier === SCRIPT_URL) return { url: SCRIPT_URL, format: "module", shortCircuit: true };
	const from = context.parentURL === SCRIPT_URL ? { ...context, parentURL: data.base } : context;
	return orElse(
		() => next(specifier, from),
		(error) => {
			if (!specifier.startsWith("@p2pd/")) throw error;
			return next(specifier, { ...context, parentURL: data.home });
		},
	);
}

const TYPESCRIPT = /\.(ts|mts)$/;

/** The load hook. */
export function load<T extends Eventually<LoadFnOutput>>(
	url: string,
	context: LoadHookContext,
	next: (url: string, context: LoadHookContext) => T,
): T | LoadFnOutput {
	if (url === SCRIPT_URL) return moduleOf(data.code ?? "");
	if (!url.startsWith("file:") || !TYPESCRIPT.test(new URL(url).pathname)) return next(url, context);
	return moduleOf(readFileSync(fileURLToPath(url), "utf8"));
}

function moduleOf(source: string): LoadFnOutput {
	return { format: "module", source: stripTypes(source), shortCircuit: true };
}

/**
 * TypeScript without its types. Every character stays at its line and column, and JavaScript comes through as it is.
 *
 * @throws SyntaxError if it is neither
 */
export function stripTypes(source: string): string {
	const { transformSync } = createRequire(import.meta.url)(
		"@swc/wasm-typescript",
	) as typeof import("@swc/wasm-typescript");
	try {
		return transformSync(source, { mode: "strip-only", module: true }).code;
	} catch (fault) {
		// It throws plain objects.
		const { message } = fault as { message?: unknown };
		throw new SyntaxError(`the script cannot be read: ${String(message ?? fault)}`);
	}
}

/** Another answer where the first attempt fails, now or by its promise. */
function orElse<T>(attempt: () => T, otherwise: (error: unknown) => T): T {
	try {
		const outcome = attempt();
		return outcome instanceof Promise ? (outcome.catch(otherwise) as T) : outcome;
	} catch (error) {
		return otherwise(error);
	}
}
