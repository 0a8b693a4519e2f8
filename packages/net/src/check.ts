import { MAX_TIMER } from "./clock.js";

/** What is wrong with an argument. */
export interface ArgumentProblem {
	/** Where: the name of the argument or option, or a path such as `servers[2].port`. */
	readonly path: string;
	/** What is wrong, to stand after the path: "must be a whole number from 0 to 65535, not 70000". */
	readonly message: string;
}

/** Looks at a value found at `path`. Returns null if it is right. */
export type Check = (value: unknown, path: string) => ArgumentProblem | null;

/** The checks of an object's fields, by name. */
export type Fields = Readonly<Record<string, Check>>;

/** How {@link objectProblem} treats an object. */
export interface ObjectRules {
	/** Fields that must not be absent; the methods of a class count as its instances' fields. @default none */
	readonly required?: readonly string[];
	/** Whether other fields than those named are accepted. @default false */
	readonly open?: boolean;
	/** Names that users of P2PD or of older versions type, and the name to use instead. */
	readonly renamed?: Readonly<Record<string, string>>;
}

/**
 * Checks an object field by field. A field that is absent or `undefined` passes unless it is required. Only the
 * object's own enumerable fields count. A misspelt field is reported with the name that was probably meant.
 *
 * @param path the name of the argument; "" gives paths such as `timeout` instead of `options.timeout`
 * @returns the first problem, or null
 */
export function objectProblem(
	value: unknown,
	path: string,
	fields: Fields,
	rules: ObjectRules = {},
): ArgumentProblem | null {
	if (!isRecord(value)) return problem(path || "options", "an object", value);
	const prefix = path === "" ? "" : `${path}.`;
	if (rules.open !== true) {
		for (const name of Object.keys(value)) {
			if (!Object.hasOwn(fields, name)) return unknownField(prefix, name, fields, rules);
		}
	}
	for (const name of rules.required ?? []) {
		if (!(name in value) || value[name] === undefined) {
			return { path: `${prefix}${name}`, message: "is required" };
		}
	}
	for (const [name, check] of Object.entries(fields)) {
		const field = name in value ? value[name] : undefined;
		const found = field === undefined ? null : check(field, `${prefix}${name}`);
		if (found !== null) return found;
	}
	return null;
}

/** The checks that options, arguments and dictionaries are made of. */
export const is = {
	/** Anything at all. */
	anything: (() => null) as Check,
	boolean: test("true or false", (value) => typeof value === "boolean"),
	text: test("a string", (value) => typeof value === "string"),
	/** A string with at least one character. */
	filledText: test("a string that is not empty", (value) => typeof value === "string" && value !== ""),
	function: test("a function", (value) => typeof value === "function"),
	/** Any object but an array. */
	object: test("an object", isRecord),
	bytes: test("a Buffer or Uint8Array", (value) => value instanceof Uint8Array),
	null: test("null", (value) => value === null),
	signal: test("an AbortSignal", isAbortSignal),
	family: test("4 or 6", (value) => value === 4 || value === 6),
	/** 0 to 65535. */
	port: whole(0, 65_535),
	/** 1 to 65535: a port that can be sent to. */
	remotePort: whole(1, 65_535),
	/** Milliseconds, from 0 to the longest timer. */
	timeout: time(false),
	/** As `timeout`, or Infinity for no limit. */
	timeoutOrInfinity: time(true),
	/** A whole number in a range, ends included. */
	whole,
	/** A finite number in a range, ends included. */
	number: (min: number, max: number): Check =>
		test(`a number from ${min} to ${max}`, (value) =>
			typeof value === "number" && value >= min && value <= max && Number.isFinite(value)),
	/** One of the values. */
	oneOf: (...values: readonly unknown[]): Check =>
		test(values.map(shown).join(" or "), (value) => values.includes(value)),
	/** An instance of a class, told by `isInstance`. */
	a: (what: string, isInstance: (value: unknown) => boolean): Check => test(what, isInstance),
	/** Right for one of the checks. `what` says what is accepted. */
	either:
		(what: string, ...checks: readonly Check[]): Check =>
		(value, path) =>
			checks.some((check) => check(value, path) === null) ? null : problem(path, what, value),
	/** Null, or right for the check. */
	nullOr:
		(check: Check): Check =>
		(value, path) =>
			value === null ? null : check(value, path),
	/** An array of which every item is right. */
	listOf:
		(check: Check, { max = Number.POSITIVE_INFINITY }: { readonly max?: number } = {}): Check =>
		(value, path) => {
			if (!Array.isArray(value)) return problem(path, "an array", value);
			if (value.length > max) return { path, message: `must have at most ${max} items, not ${value.length}` };
			for (const [index, item] of value.entries()) {
				const found = check(item, `${path}[${index}]`);
				if (found !== null) return found;
			}
			return null;
		},
	/** An object with these fields. See {@link objectProblem}. */
	shape:
		(fields: Fields, rules?: ObjectRules): Check =>
		(value, path) =>
			objectProblem(value, path, fields, rules),
} as const;

function test(what: string, passes: (value: unknown) => boolean): Check {
	return (value, path) => (passes(value) ? null : problem(path, what, value));
}

function whole(min: number, max: number): Check {
	const what = max === Number.POSITIVE_INFINITY ? `${min} or more` : `from ${min} to ${max}`;
	return test(`a whole number ${what}`, (value) =>
		typeof value === "number" && Number.isInteger(value) && value >= min && value <= max);
}

function time(infinity: boolean): Check {
	return test(`milliseconds from 0 to ${MAX_TIMER}${infinity ? ", or Infinity" : ""}`, (value) =>
		typeof value === "number" &&
		value >= 0 &&
		(value <= MAX_TIMER || (infinity && value === Number.POSITIVE_INFINITY)));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** By what it can do, since a signal may come from another realm or a polyfill. */
function isAbortSignal(value: unknown): boolean {
	return (
		isRecord(value) &&
		typeof value["aborted"] === "boolean" &&
		typeof value["addEventListener"] === "function" &&
		typeof value["removeEventListener"] === "function"
	);
}

function problem(path: string, what: string, value: unknown): ArgumentProblem {
	return { path, message: `must be ${what}, not ${shown(value)}` };
}

/** A value in a message: short, on one line, and never its whole content. */
function shown(value: unknown): string {
	if (typeof value === "string")
		return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
	if (typeof value === "bigint") return `${value}n`;
	if (typeof value === "function") return "a function";
	if (Array.isArray(value)) return "an array";
	if (typeof value === "object" && value !== null) return "an object";
	return String(value);
}

function unknownField(prefix: string, name: string, fields: Fields, rules: ObjectRules): ArgumentProblem {
	const renamed = rules.renamed ?? {};
	const meant = Object.hasOwn(renamed, name) ? renamed[name] : closestName(name, Object.keys(fields));
	const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
	return { path: `${prefix}${name}`, message: `is not a known option${hint}` };
}

/**
 * The known name that a misspelt one resembles: the same letters in another case or with other separators, or one or
 * two edits away. Undefined where none is near.
 */
export function closestName(name: string, known: readonly string[]): string | undefined {
	const plain = (text: string): string => text.replaceAll(/[_-]/g, "").toLowerCase();
	const same = known.find((candidate) => plain(candidate) === plain(name));
	if (same !== undefined) return same;
	const limit = name.length > 5 ? 2 : 1;
	return known.find((candidate) => distance(plain(candidate), plain(name), limit) <= limit);
}

/** Edits between two texts, where swapping two neighbours is one; more than `limit` if their lengths differ by more. */
function distance(a: string, b: string, limit: number): number {
	if (Math.abs(a.length - b.length) > limit) return limit + 1;
	let before: number[] = [];
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const same = a[i - 1] === b[j - 1];
			const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
			next.push(
				Math.min(
					(row[j - 1] ?? 0) + (same ? 0 : 1),
					(row[j] ?? 0) + 1,
					(next[j - 1] ?? 0) + 1,
					swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
				),
			);
		}
		before = row;
		row = next;
	}
	return row[b.length] ?? 0;
}
