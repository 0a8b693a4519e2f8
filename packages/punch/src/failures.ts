/** What the system refused, by its code: `EMFILE`, `EADDRINUSE`, `ECONNREFUSED`, ... */
export class Failures {
	readonly #counts = new Map<string, number>();

	get counts(): ReadonlyMap<string, number> {
		return this.#counts;
	}

	/** @returns the code */
	count(error: unknown): string {
		const code = codeOf(error);
		this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
		return code;
	}

	toString(): string {
		return [...this.#counts.keys()].join(", ");
	}
}

/** The system's code of an error; sockets of `@p2pd/route` have it in `errno`, Node's in `code`. */
function codeOf(error: unknown): string {
	if (typeof error === "object" && error !== null) {
		if ("errno" in error && typeof error.errno === "string") return error.errno;
		if ("code" in error && typeof error.code === "string") return error.code;
	}
	return error instanceof Error ? error.name : "unknown";
}
