import * as core from "@p2pd/core";

/** Something that the session opened and must close at its end. */
interface Closable {
	close(): Promise<unknown> | unknown;
}

/**
 * What a session gives to the code that runs in it: every export of `@p2pd/core`, with `pipeOpen` and `Interface` such that
 * what they open is closed when the session ends.
 */
export interface Session {
	/** Names and values to preload. */
	readonly names: Readonly<Record<string, unknown>>;
	/** Closes everything that is still open. Errors of closing are given back, not thrown. */
	close(): Promise<readonly unknown[]>;
}

/** Opens a session. It sends nothing and opens nothing by itself. */
export function createSession(): Session {
	const opened = new Set<WeakRef<Closable>>();
	const keep = <T extends Closable>(value: T): T => {
		opened.add(new WeakRef(value));
		return value;
	};
	const pipeOpen = (async (...args: Parameters<typeof core.pipeOpen>) =>
		keep(await core.pipeOpen(...args))) as typeof core.pipeOpen;
	class Interface extends core.Interface {
		constructor(...args: ConstructorParameters<typeof core.Interface>) {
			super(...args);
			keep(this);
		}
	}
	return {
		names: { ...core, pipeOpen, Interface },
		async close() {
			const closing = [...opened].map((reference) => reference.deref()?.close());
			opened.clear();
			const outcomes = await Promise.allSettled(closing);
			return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
		},
	};
}
