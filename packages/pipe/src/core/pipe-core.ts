import { Callbacks, callReported } from "../callbacks.js";
import { type Counters, newCounters } from "../delivery/counters.js";
import { Delivery, type DeliveryHost } from "../delivery/delivery.js";
import { PipeClosedError } from "../errors.js";
import { LazyDeadline } from "../lazy-deadline.js";
import { Lifecycle } from "../lifecycle.js";
import type { Pipe } from "../pipe.js";
import type { Settings } from "../settings.js";
import type { Acceptor } from "../tcp/acceptor.js";
import type { DataTransport, Transport, TransportSink } from "../transport.js";
import type {
	ConnectCallback,
	EndCallback,
	EndReason,
	ErrorCallback,
	MessageCallback,
	Peer,
} from "../types.js";
import type { PipeInit } from "./pipe-init.js";

const NOBODY: readonly Pipe[] = [];

/** The inside of a pipe: what holds its transport, its delivery and its life together. */
export class PipeCore implements TransportSink, DeliveryHost {
	readonly pipe: Pipe;
	readonly init: PipeInit;
	readonly settings: Settings;
	readonly counters: Counters = newCounters();
	readonly life = new Lifecycle();
	readonly deadline: LazyDeadline;
	readonly transport: Transport;
	/** Null on a TCP server, which carries no data itself. */
	readonly data: DataTransport | null;
	/** Null on a TCP server. */
	readonly delivery: Delivery | null;
	/** Set on a TCP server alone. */
	acceptor: Acceptor | null = null;
	/** Pipes that relay to this one. */
	sources: readonly Pipe[] = NOBODY;
	/** A TCP server's are for its connections. */
	readonly messages: Callbacks<Parameters<MessageCallback>>;
	readonly ends: Callbacks<Parameters<EndCallback>>;
	readonly connects: Callbacks<Parameters<ConnectCallback>>;
	#errors: readonly ErrorCallback[];
	#closing: Promise<void> | null = null;
	#remoteEnded = false;
	#finishing: Promise<void> | null = null;

	constructor(pipe: Pipe, init: PipeInit) {
		this.pipe = pipe;
		this.init = init;
		this.settings = init.settings;
		this.deadline = new LazyDeadline(init.settings.clock, this);
		this.messages = new Callbacks("message", this, init.callbacks.message);
		this.ends = new Callbacks("end", this, init.callbacks.end);
		this.connects = new Callbacks("connect", this, init.callbacks.connect);
		this.#errors = init.callbacks.error;
		const { transport, data } = init.parts(this);
		this.transport = transport;
		this.data = data;
		this.delivery = data === null ? null : new Delivery(this, this.messages);
		init.signal?.addEventListener("abort", this, { once: true });
	}

	get lossless(): boolean {
		return this.init.protocol === "tcp";
	}

	get reason(): EndReason | null {
		return this.life.reason;
	}

	get errors(): readonly ErrorCallback[] {
		return this.#errors;
	}

	set errors(list: readonly ErrorCallback[]) {
		this.#errors = list;
	}

	/** The pipe is ready: tells its connect callbacks, and reads if somebody listens already. */
	opened(): void {
		if (!this.life.advance("open")) return;
		if (this.lossless && this.data !== null) this.connects.call(null, this.transport.remote, this.pipe);
		this.delivery?.update();
	}

	/** Adds a connect callback; a connection that stands calls it soon. */
	addConnect(callback: ConnectCallback): void {
		this.connects.add(callback);
		if (this.data === null || this.life.state !== "open") return;
		queueMicrotask(() => {
			callReported("connect", this, callback, [null, this.transport.remote, this.pipe]);
		});
	}

	/** Adds an end callback; a pipe that is closed calls it soon. */
	addEnd(callback: EndCallback): void {
		const { reason } = this;
		if (this.life.state !== "closed" || reason === null) {
			this.ends.add(callback);
			return;
		}
		queueMicrotask(() => {
			callReported("end", this, callback, [null, this.transport.remote, this.pipe, reason]);
		});
	}

	/** Whether a send may begin. */
	get sendable(): boolean {
		return this.life.state === "open" && this.#finishing === null;
	}

	/** Why a send may not begin. */
	get sendRefusal(): EndReason {
		return this.life.reason ?? { kind: "local", error: null };
	}

	/** Finishes sending; once the peer has too, the pipe closes. Again is the same. */
	finish(data: DataTransport): Promise<void> {
		const { reason } = this.life;
		if (reason !== null) return Promise.reject(new PipeClosedError(reason));
		this.#finishing ??= this.#finish(data);
		return this.#finishing;
	}

	/** Begins to close, unless that has begun; resolves once the OS has closed the socket. */
	close(reason: EndReason, linger = this.settings.linger): Promise<void> {
		if (this.life.end(reason)) this.#closing = this.#shut(reason, linger);
		return this.#closing ?? Promise.resolve();
	}

	/** Ends the pipe without its socket, which stays open. */
	detach(): void {
		const reason: EndReason = { kind: "local", error: null };
		if (!this.life.end(reason)) return;
		this.#letGo(reason);
		this.transport.release();
		// A server's connections are its own, and stay nobody's without it.
		this.acceptor?.close(this.settings.linger).catch((error: unknown) => this.report(error as Error));
		this.#closed(reason);
	}

	chunk(data: Buffer, peer: Peer): void {
		if (this.life.state === "open") this.delivery?.chunk(data, peer);
	}

	ended(): void {
		this.#remoteEnded = true;
		if (this.life.state === "open") this.delivery?.finish();
	}

	drained(): void {
		const reason: EndReason = { kind: "remote", error: null };
		if (this.settings.halfOpen && this.#finishing === null) this.delivery?.end(reason);
		else this.#closeReported(reason);
	}

	broken(error: Error): void {
		this.#closeReported({ kind: "error", error }, 0);
	}

	closed(error: Error | null): void {
		const orderly: EndReason = { kind: this.#remoteEnded ? "remote" : "local", error: null };
		this.#closeReported(error === null ? orderly : { kind: "error", error });
	}

	read(on: boolean): void {
		if (this.life.state === "open") this.data?.read(on);
	}

	report(error: Error): void {
		if (this.#errors.length === 0) {
			process.emitWarning(error);
			return;
		}
		for (const callback of this.#errors) {
			// An error callback that fails has nobody left to tell but the process.
			try {
				callback(error, this.pipe);
			} catch (failure) {
				process.emitWarning(failure as Error);
			}
		}
	}

	/** The program's signal aborted. */
	handleEvent(): void {
		this.#closeReported({ kind: "abort", error: abortError(this.init.signal) }, 0);
	}

	/** Ends the waits that are over. Returns the earliest deadline left. */
	expire(now: number): number {
		const next = this.delivery?.expire(now) ?? Number.POSITIVE_INFINITY;
		return Math.min(next, this.acceptor?.expire(now) ?? Number.POSITIVE_INFINITY);
	}

	#closeReported(reason: EndReason, linger?: number): void {
		this.close(reason, linger).catch((error: unknown) => this.report(error as Error));
	}

	async #finish(data: DataTransport): Promise<void> {
		await data.end();
		if (this.#remoteEnded) await this.close({ kind: "remote", error: null });
	}

	async #shut(reason: EndReason, linger: number): Promise<void> {
		this.#letGo(reason);
		// The kernel lets a listening socket go at once, but Node only once its connections are closed.
		const closing = this.transport.close(linger);
		if (this.acceptor !== null) await this.acceptor.close(linger);
		await closing;
		this.#closed(reason);
	}

	/** Wakes every waiter and undoes every link. */
	#letGo(reason: EndReason): void {
		this.init.signal?.removeEventListener("abort", this);
		for (const source of this.sources) source.delPipe(this.pipe);
		for (const { target } of this.delivery?.relays ?? []) this.pipe.delPipe(target);
		this.delivery?.end(reason);
		this.acceptor?.end(reason);
		this.deadline.clear();
	}

	#closed(reason: EndReason): void {
		this.life.advance("closed");
		this.init.onClosed?.(this.pipe);
		this.ends.call(null, this.transport.remote, this.pipe, reason);
	}
}

function abortError(signal: AbortSignal | null): Error {
	const reason: unknown = signal?.reason;
	return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}
