import * as core from "@p2pd/core";

/** Something that the session opened and must close at its end. */
interface Closable {
	close(): Promise<unknown> | unknown;
}

/**
 * What a session gives to the code that runs in it: every export of `@p2pd/core`, with `pipeOpen`, `Interface`,
 * `P2PNode` and `loadInterfaces` such that what they open is closed when the session ends, and that Ctrl-C ends what they wait for.
 */
export interface Session {
	/** Names and values to preload. */
	readonly names: Readonly<Record<string, unknown>>;
	/** Closes everything that is still open. Errors of closing are given back, not thrown. */
	close(): Promise<readonly unknown[]>;
}

/**
 * Opens a session. It sends nothing and opens nothing by itself.
 *
 * @param signal the signal of the line that runs now: calls that were given none take it
 */
export function createSession(signal: () => AbortSignal): Session {
	const opened = new Set<Closable>();
	const keepPipe = (pipe: core.Pipe): core.Pipe => {
		opened.add(pipe);
		pipe.onEnd(() => void opened.delete(pipe));
		return waitingUntil(pipe, signal);
	};
	const pipeOpen: typeof core.pipeOpen = async (route, proto, dest, options = {}, ...deps) => {
		if (options.signal !== undefined)
			return keepPipe(await core.pipeOpen(route, proto, dest, options, ...deps));
		// Ctrl-C gives up opening; a pipe that is open stays open.
		return duringOpening(signal(), async (opening) =>
			keepPipe(await core.pipeOpen(route, proto, dest, { ...options, signal: opening }, ...deps)),
		);
	};
	class Interface extends core.Interface {
		constructor(...args: ConstructorParameters<typeof core.Interface>) {
			super(...args);
			opened.add(this);
		}
		override start(call: core.CallOptions = {}): Promise<this> {
			return super.start({ signal: signal(), ...call });
		}
		override loadNat(call: core.CallOptions = {}): Promise<core.NatDictionary> {
			return super.loadNat({ signal: signal(), ...call });
		}
		override refresh(call: core.RefreshOptions = {}): Promise<this> {
			return super.refresh({ signal: signal(), ...call });
		}
		override close(): void {
			opened.delete(this);
			super.close();
		}
	}
	class P2PNode extends core.P2PNode {
		constructor(...args: ConstructorParameters<typeof core.P2PNode>) {
			super(...args);
			opened.add(this);
		}
		override close(): Promise<void> {
			opened.delete(this);
			return super.close();
		}
	}
	const loadInterfaces: typeof core.loadInterfaces = (options = {}, ...deps) => {
		// The names of NICs, or the NICs themselves, instead of options.
		if (Array.isArray(options)) return core.loadInterfaces({ signal: signal(), names: options }, ...deps);
		if (options instanceof core.Netifaces)
			return core.loadInterfaces({ signal: signal(), netifaces: options }, ...deps);
		return core.loadInterfaces({ signal: signal(), ...options }, ...deps);
	};
	return {
		names: { ...core, pipeOpen, Interface, P2PNode, loadInterfaces },
		async close() {
			const closing = [...opened].map(async (one) => one.close());
			opened.clear();
			const outcomes = await Promise.allSettled(closing);
			return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
		},
	};
}

/**
 * The pipe, with a `recv` and an `accept` that Ctrl-C ends: one that merely was no longer awaited would take the next
 * message, and nobody would see it.
 */
function waitingUntil(pipe: core.Pipe, signal: () => AbortSignal): core.Pipe {
	const recv = pipe.recv.bind(pipe) as (options: core.PipeRecvOptions) => Promise<unknown>;
	const accept = pipe.accept.bind(pipe);
	Object.defineProperties(pipe, {
		recv: {
			value: (options: core.PipeRecvOptions = {}) =>
				// Anything but plain options goes on as it is, for the error that says what recv takes.
				isPlain(options) ? recv({ signal: signal(), ...options }) : recv(options),
		},
		accept: {
			value: (options: Parameters<typeof accept>[0] = {}) => accept({ signal: signal(), ...options }),
		},
	});
	return pipe;
}

/** Whether a value is a plain object, of the shell's realm or of this one. */
function isPlain(value: unknown): boolean {
	const prototype: unknown = Object.getPrototypeOf(Object(value));
	return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Runs `work` with a signal that follows `outer` only until the work is done. */
async function duringOpening<T>(outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const inner = new AbortController();
	const onAbort = (): void => inner.abort(outer.reason);
	if (outer.aborted) onAbort();
	outer.addEventListener("abort", onAbort, { once: true });
	try {
		return await work(inner.signal);
	} finally {
		outer.removeEventListener("abort", onAbort);
	}
}
