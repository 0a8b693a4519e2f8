import { type REPLEval, type REPLServer, Recoverable } from "node:repl";
import { closestName } from "@p2pd/core/net";
import { isError } from "../errors.js";
import { stripTypes } from "../script/hooks.js";

/**
 * Lets the shell read TypeScript lines and `import` statements. What Node's own evaluation can read is left to it; only
 * a line that it refuses is read again, with its types removed and its imports made dynamic.
 */
export function readTypeScript(server: REPLServer): void {
	const original = server.eval;
	const evaluate: REPLEval = function (this: REPLServer, code, context, file, done) {
		if (IMPORT_STATEMENT.test(code)) {
			const dynamic = rewritten(code);
			if (typeof dynamic === "string") original.call(this, dynamic, context, file, done);
			else done(dynamic ?? new SyntaxError("this import statement cannot be read"), undefined);
			return;
		}
		original.call(this, code, context, file, (error, result) => {
			// A Recoverable is an unfinished line: the shell waits for the rest of it.
			if (!isSyntaxError(error)) return done(error, result);
			const again = rewritten(code);
			if (again instanceof Recoverable) return done(again, undefined);
			if (again === null) return done(error, result);
			original.call(this, again, context, file, done);
		});
	};
	Object.defineProperty(server, "eval", { value: evaluate, writable: true, configurable: true });
}

/** Errors of the shell's context are of its own realm, so a class does not tell. */
const isSyntaxError = (error: unknown): boolean =>
	isError(error) && error.name === "SyntaxError" && !(error instanceof Recoverable);

/** The line as JavaScript; null where that changes nothing or it cannot be read; Recoverable where it is unfinished. */
function rewritten(code: string): string | Recoverable | null {
	let plain: string;
	try {
		plain = stripTypes(code);
	} catch (error) {
		const unfinished = /unexpected eof|unterminated/i.test(String(error));
		return unfinished && isError(error) ? new Recoverable(error) : null;
	}
	const dynamic = plain.replaceAll(STATIC_IMPORT, (_, clause: string | undefined, source: string) =>
		clause === undefined
			? `await import(${source});`
			: `const ${bindings(clause)} = await import(${source});`,
	);
	return dynamic === code ? null : dynamic;
}

/** A line that begins with an import statement. Node's own evaluation fails on one with an error that ends the process. */
const IMPORT_STATEMENT = /^\s*import\s*["'\w$*{]/;

/** `import "a"`, `import x from "a"`, `import { x as y } from "a"`, `import * as x from "a"`: where a statement begins. */
const STATIC_IMPORT =
	/(?<=^|;)[ \t]*import[ \t]+(?:([\w$*{][^"';]*?)[ \t\n]+from[ \t]+)?("[^"\n]*"|'[^'\n]*');?/gm;

/** The pattern that takes the imported names out of the module. */
function bindings(clause: string): string {
	const named = /\{([^}]*)\}/.exec(clause)?.[1] ?? "";
	const whole = /\*\s+as\s+([\w$]+)/.exec(clause)?.[1];
	const standard = /^([\w$]+)/.exec(clause)?.[1];
	if (whole !== undefined && standard === undefined) return whole;
	const parts = [
		...(standard === undefined ? [] : [`default: ${standard}`]),
		...named
			.split(",")
			.flatMap((each) => (each.trim() === "" ? [] : [each.trim().replace(/\s+as\s+/, ": ")])),
	];
	return `{ ${parts.join(", ")} }`;
}

/**
 * What to type instead, for a name in P2PD's spelling (`init_p2pd`, `nic.load_nat()`) or a class without `new`.
 *
 * @param names the preloaded names
 * @returns a sentence, or undefined where there is nothing to suggest
 */
export function spellingHint(error: Error, names: readonly string[]): string | undefined {
	const unknown = /^([\w$]+) is not defined$/.exec(error.message)?.[1];
	if (unknown !== undefined) {
		const meant = closestName(unknown, names);
		return meant === undefined || meant === unknown ? undefined : `did you mean ${meant}?`;
	}
	const method = /(?:^|\.)([a-z]+(?:_[a-z0-9]+)+) is not a function$/.exec(error.message)?.[1];
	if (method !== undefined) {
		return `names are in camel case here: ${method.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())}()`;
	}
	const type = /^Class constructor (\w+) cannot be invoked without 'new'$/.exec(error.message)?.[1];
	return type === undefined ? undefined : `write new ${type}(...)`;
}
