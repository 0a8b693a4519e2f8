import { PipeCallbackError } from "./errors.js";

/** Where errors go that have no caller. */
export interface Reporter {
	report(error: Error): void;
}

/**
 * A list of callbacks of one kind. One that is removed while the list is being called is not called any more; one that
 * is added waits for the next time. What a callback throws, or rejects with, is reported and does not affect the others.
 */
export class Callbacks<A extends readonly unknown[]> {
	readonly #kind: string;
	readonly #reporter: Reporter;
	#list: readonly ((...args: A) => unknown)[];

	constructor(kind: string, reporter: Reporter, list: readonly ((...args: A) => unknown)[] = []) {
		this.#kind = kind;
		this.#reporter = reporter;
		this.#list = list;
	}

	get list(): readonly ((...args: A) => unknown)[] {
		return this.#list;
	}

	get size(): number {
		return this.#list.length;
	}

	add(callback: (...args: A) => unknown): void {
		if (!this.#list.includes(callback)) this.#list = [...this.#list, callback];
	}

	remove(callback: (...args: A) => unknown): void {
		if (this.#list.includes(callback)) this.#list = this.#list.filter((other) => other !== callback);
	}

	call(...args: A): void {
		const list = this.#list;
		for (const callback of list) {
			if (list !== this.#list && !this.#list.includes(callback)) continue;
			callReported(this.#kind, this.#reporter, callback, args);
		}
	}
}

/** Calls `callback`, and reports what it throws or rejects with. Returns a promise, never rejected, if it did. */
export function callReported<A extends readonly unknown[]>(
	kind: string,
	reporter: Reporter,
	callback: (...args: A) => unknown,
	args: A,
): Promise<void> | undefined {
	try {
		const result = callback(...args);
		if (!isThenable(result)) return undefined;
		return Promise.resolve(result).then(
			() => undefined,
			(error: unknown) => reporter.report(new PipeCallbackError(kind, error)),
		);
	} catch (error) {
		reporter.report(new PipeCallbackError(kind, error));
		return undefined;
	}
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
	return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
