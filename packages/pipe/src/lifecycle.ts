import { Callbacks, callReported, type Reporter } from "./callbacks.js";
import { PipeCallbackError, PipeClosedError } from "./errors.js";
import type { Settings } from "./settings.js";
import type { PipeTlsInfo } from "./tls/types.js";
import type {
	Pipe,
	PipeConnectCallback,
	PipeEndCallback,
	PipeEndReason,
	PipeErrorCallback,
	PipeMessageCallback,
	PipePeer,
	PipeProtocol,
	PipeRole,
	PipeState,
} from "./types.js";

/** The callbacks that a pipe starts with. An accepted pipe starts with a copy of its server's. */
export interface InitialCallbacks {
	readonly message: readonly PipeMessageCallback[];
	readonly connect: readonly PipeConnectCallback[];
	readonly end: readonly PipeEndCallback[];
	readonly error: readonly PipeErrorCallback[];
}

/** What a connection or a server is made with, besides its socket. */
export interface PipeInit {
	readonly protocol: PipeProtocol;
	readonly role: PipeRole;
	readonly settings: Settings;
	/** The NIC whose name is the zone of link-local destinations; null where the kernel chooses. */
	readonly nic: { readonly name: string } | null;
	readonly callbacks: InitialCallbacks;
	/** Closes the pipe when it aborts. */
	readonly signal: AbortSignal | null;
	readonly tls: PipeTlsInfo | null;
	/** Told once the pipe is closed. */
	readonly onClosed: ((pipe: Pipe) => void) | null;
}

/** The connection or the server that lives this life. */
export interface LifecycleOwner {
	/** The pipe that callbacks get. */
	readonly pipe: Pipe;
	readonly remote: PipePeer | null;
	/** What sends reject with that the end of the connection overtook. */
	readonly lostError: Error | null;
	/** Rejects everything that waits, and removes every link. Called once. */
	letGo(reason: PipeEndReason): void;
	/** Closes the socket, as in `Transport.close`; resolves once the OS has. */
	shut(linger: number, patient: boolean): Promise<void>;
}

const ORDER: readonly PipeState[] = ["opening", "open", "closing", "closed"];

/** What connections and servers have in common: state, callbacks, errors, and the way they end. */
export class Lifecycle implements Reporter {
	readonly init: PipeInit;
	/** On a TCP server these are for its connections. */
	readonly messages: Callbacks<Parameters<PipeMessageCallback>>;
	readonly connects: Callbacks<Parameters<PipeConnectCallback>>;
	readonly ends: Callbacks<Parameters<PipeEndCallback>>;
	readonly #owner: LifecycleOwner;
	#errors: readonly PipeErrorCallback[];
	#state: PipeState = "opening";
	#reason: PipeEndReason | null = null;
	#closing: Promise<void> | null = null;
	#patient = false;

	constructor(init: PipeInit, owner: LifecycleOwner) {
		this.init = init;
		this.#owner = owner;
		this.messages = new Callbacks("message", this, init.callbacks.message);
		this.connects = new Callbacks("connect", this, init.callbacks.connect);
		this.ends = new Callbacks("end", this, init.callbacks.end);
		this.#errors = init.callbacks.error;
		init.signal?.addEventListener("abort", this, { once: true });
	}

	get state(): PipeState {
		return this.#state;
	}

	/** Why the pipe ended: the first cause counts. Null while it is open. */
	get reason(): PipeEndReason | null {
		return this.#reason;
	}

	get errors(): readonly PipeErrorCallback[] {
		return this.#errors;
	}

	set errors(list: readonly PipeErrorCallback[]) {
		this.#errors = list;
	}

	/** The pipe is ready. False if it has ended already. */
	open(): boolean {
		return this.#advance("open");
	}

	/** Adds a connect callback, and calls it soon if the connection is established already. */
	addConnect(callback: PipeConnectCallback): void {
		this.connects.add(callback);
		const { pipe, remote } = this.#owner;
		if (this.init.role === "server" || this.#state !== "open") return;
		queueMicrotask(() => {
			if (this.connects.list.includes(callback))
				callReported("connect", this, callback, [null, remote, pipe]);
		});
	}

	/** Adds an end callback, or calls it soon if the pipe is closed. */
	addEnd(callback: PipeEndCallback): void {
		const reason = this.#reason;
		if (this.#state !== "closed" || reason === null) {
			this.ends.add(callback);
			return;
		}
		const { pipe, remote } = this.#owner;
		queueMicrotask(() => {
			callReported("end", this, callback, [null, remote, pipe, reason]);
		});
	}

	/** Begins to close, unless that has begun. Resolves once the OS has closed the socket. */
	close(reason: PipeEndReason, linger = this.init.settings.linger, patient = false): Promise<void> {
		if (this.#end(reason)) {
			this.#patient = patient;
			this.#closing = this.#run(reason, linger, patient);
		} else if (this.#patient && !patient && this.#state === "closing") {
			this.#patient = false;
			this.#reported(this.#owner.shut(linger, false));
		}
		return this.#closing ?? Promise.resolve();
	}

	/** As {@link close}, where there is no caller to reject to. */
	closeReported(reason: PipeEndReason, linger?: number, patient = false): void {
		this.#reported(this.close(reason, linger, patient));
	}

	/** Ends the pipe without closing its socket. False if it has ended already. */
	detach(release: () => void): boolean {
		const reason: PipeEndReason = { kind: "local", error: null };
		if (!this.#end(reason)) return false;
		this.#letGo(reason);
		release();
		this.#closed(reason);
		return true;
	}

	report(error: Error): void {
		if (this.#isOldNews(error)) return;
		if (this.#errors.length === 0) {
			process.emitWarning(error);
			return;
		}
		for (const callback of this.#errors) {
			// When an error callback fails, only the process is left to be told.
			try {
				callback(error, this.#owner.pipe);
			} catch (failure) {
				process.emitWarning(failure instanceof Error ? failure : new PipeCallbackError("error", failure));
			}
		}
	}

	/** The pipe's signal aborted. */
	handleEvent(): void {
		this.closeReported({ kind: "abort", error: abortError(this.init.signal) }, 0);
	}

	#reported(promise: Promise<void>): void {
		promise.catch((error: unknown) => this.report(error as Error));
	}

	/** Goes on to `state`. False if the pipe has been there already. */
	#advance(state: PipeState): boolean {
		if (ORDER.indexOf(state) <= ORDER.indexOf(this.#state)) return false;
		this.#state = state;
		return true;
	}

	#end(reason: PipeEndReason): boolean {
		if (!this.#advance("closing")) return false;
		this.#reason = reason;
		return true;
	}

	async #run(reason: PipeEndReason, linger: number, patient: boolean): Promise<void> {
		this.#letGo(reason);
		await this.#owner.shut(linger, patient);
		this.#closed(reason);
	}

	#letGo(reason: PipeEndReason): void {
		this.init.signal?.removeEventListener("abort", this);
		this.#owner.letGo(reason);
	}

	#closed(reason: PipeEndReason): void {
		this.#advance("closed");
		const { pipe, remote } = this.#owner;
		this.init.onClosed?.(pipe);
		this.ends.call(null, remote, pipe, reason);
	}

	/** A callback whose answer was lost because the pipe ended: thousands can fail at once, and `onEnd` tells why. */
	#isOldNews(error: Error): boolean {
		if (!(error instanceof PipeCallbackError)) return false;
		const { cause } = error;
		if (cause instanceof PipeClosedError) return this.#reason !== null && cause.reason === this.#reason;
		return cause instanceof Error && cause === this.#owner.lostError;
	}
}

function abortError(signal: AbortSignal | null): Error {
	const reason: unknown = signal?.reason;
	return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}
