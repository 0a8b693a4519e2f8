import type { Socket } from "node:net";
import type { Clock } from "@p2pd/net";
import { PipeSendError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { PipePeer } from "../types.js";
import { PendingSends } from "./pending-sends.js";
import type { Transport, TransportSink } from "./types.js";

/** One connected stream socket, plain or TLS, of a client or accepted by a server. */
export class TcpTransport implements Transport {
	readonly socket: Socket;
	readonly remote: PipePeer;
	readonly fixed = true;
	readonly #clock: Clock;
	#sink: TransportSink | null = null;
	#local: PipePeer | null = null;
	#sends: PendingSends | null = null;
	#onWritten: ((error?: Error | null) => void) | null = null;
	#error: Error | null = null;
	/** What all lost sends reject with. */
	#lostError: PipeSendError | null = null;
	/** Whether something was sent in this tick; the rest of the tick is joined into one write. */
	#sentInTick = false;
	#corked = false;
	#onData: ((data: Buffer) => void) | null = null;
	// Bound methods are the smallest listeners that can be removed again: ten thousand idle pipes have them.
	#onEnd: (() => void) | null = null;
	#onError: ((error: Error) => void) | null = null;
	#onClose: (() => void) | null = null;

	/** @param remote the peer, where the caller knows it better than the socket */
	constructor(socket: Socket, settings: Settings, remote: PipePeer | null) {
		this.socket = socket;
		this.#clock = settings.clock;
		this.remote = remote ?? [socket.remoteAddress ?? "", socket.remotePort ?? 0];
		// The connection decides what follows the peer's end, in the order of the messages.
		socket.allowHalfOpen = true;
		// A stream that is no net.Socket may lack what only sockets need.
		if (settings.noDelay) socket.setNoDelay?.(true);
		if (settings.keepAlive !== null) socket.setKeepAlive?.(true, settings.keepAlive);
	}

	/** Asked of the OS at first use, or before the socket is gone. */
	get local(): PipePeer {
		this.#local ??= [this.socket.localAddress ?? "", this.socket.localPort ?? 0];
		return this.#local;
	}

	get lastPeer(): PipePeer {
		return this.remote;
	}

	get backlog(): number {
		return this.#sends === null ? 0 : this.#sends.cost;
	}

	get lostError(): Error | null {
		return this.#lostError;
	}

	start(sink: TransportSink): void {
		this.#sink = sink;
		this.#onEnd = sink.ended.bind(sink);
		this.#onError = this.#failed.bind(this);
		this.#onClose = this.#closed.bind(this);
		this.socket.on("end", this.#onEnd);
		this.socket.on("error", this.#onError);
		this.socket.on("close", this.#onClose);
		// A socket that was given may have seen its peer finish before.
		if (this.socket.readableEnded) queueMicrotask(this.#onEnd);
	}

	read(on: boolean): void {
		if (!on) {
			this.socket.pause();
			return;
		}
		if (this.#onData === null) {
			const sink = this.#sink;
			this.#onData = (data) => sink?.chunk(data, this.remote);
			this.socket.on("data", this.#onData);
		}
		this.socket.resume();
	}

	send(data: Uint8Array): Promise<void> {
		if (this.socket.destroyed) return this.#refuse();
		// The first write of a tick goes out at once; those after it are joined into one.
		if (!this.#sentInTick) {
			this.#sentInTick = true;
			process.nextTick(TcpTransport.#tickOver, this);
		} else if (!this.#corked) {
			this.#corked = true;
			this.socket.cork();
		}
		this.#sends ??= new PendingSends();
		this.#onWritten ??= this.#written.bind(this);
		const sent = this.#sends.add(data.length);
		this.socket.write(data, this.#onWritten);
		return sent;
	}

	notifyBelow(limit: number): void {
		this.#sends?.notifyBelow(limit, () => this.#sink?.relieved());
	}

	end(): Promise<void> {
		return new Promise((resolve, reject) => {
			const { socket } = this;
			const settle = (): void => {
				socket.off("finish", settle);
				socket.off("close", settle);
				if (socket.writableFinished) resolve();
				else reject(this.#lost());
			};
			socket.on("finish", settle);
			socket.on("close", settle);
			socket.end();
		});
	}

	close(linger: number, patient = false): Promise<void> {
		const { socket } = this;
		if (socket.closed) return Promise.resolve();
		return new Promise((resolve) => {
			let timer: unknown = null;
			const watch = (unsent: number): void => {
				timer = this.#clock.setTimeout(() => {
					if (patient && socket.writableLength < unsent) watch(socket.writableLength);
					else this.#reset();
				}, linger);
			};
			socket.once("close", () => {
				if (timer !== null) this.#clock.clearTimeout(timer);
				resolve();
			});
			if (socket.destroyed) return;
			if (linger === 0) {
				this.#reset();
				return;
			}
			if (socket.writableLength > 0 && linger !== Number.POSITIVE_INFINITY) watch(socket.writableLength);
			closeSoon(socket);
		});
	}

	keepAlive(alive: boolean): void {
		if (alive) this.socket.ref?.();
		else this.socket.unref?.();
	}

	release(): void {
		this.socket.pause();
		if (this.#onData !== null) this.socket.off("data", this.#onData);
		if (this.#onEnd !== null) this.socket.off("end", this.#onEnd);
		if (this.#onError !== null) this.socket.off("error", this.#onError);
		if (this.#onClose !== null) this.socket.off("close", this.#onClose);
	}

	/** Between the failure of a connection and its end, each write to the stream would cost an error of its own. */
	#refuse(): Promise<void> {
		const refused = Promise.reject<void>(this.#lost());
		refused.catch(() => undefined);
		return refused;
	}

	/** One error for all lost sends: a peer can make thousands fail at once. */
	#lost(cause: Error | null = this.#error): PipeSendError {
		const why = cause === null ? "" : `: ${cause.message}`;
		this.#lostError ??= new PipeSendError(`the connection closed before all was sent${why}`, { cause });
		return this.#lostError;
	}

	#reset(): void {
		const { socket } = this;
		// TLS has no reset in Node, nor has a stream that is no socket. libuv refuses to reset a socket that is shutting
		// down (all of its data is sent then), and Node would never close it.
		const shuttingDown = socket.writableEnded && socket.writableLength === 0;
		if (shuttingDown || "encrypted" in socket || !("resetAndDestroy" in socket)) socket.destroy();
		else socket.resetAndDestroy();
	}

	static #tickOver(transport: TcpTransport): void {
		transport.#sentInTick = false;
		if (!transport.#corked) return;
		transport.#corked = false;
		transport.socket.uncork();
	}

	/** Streams call back in the order of their writes. */
	#written(error: Error | null | undefined): void {
		// A socket that was destroyed meanwhile calls back without an error, though the data is lost.
		if (!error && !this.socket.destroyed) this.#sends?.taken();
		else this.#sends?.lost(this.#lost(this.#error ?? error ?? null));
	}

	#failed(error: Error): void {
		this.#error ??= error;
	}

	#closed(): void {
		// A stream need not call back for writes that its end overtook.
		this.#sends?.lostAll(() => this.#lost());
		this.#sink?.closed(this.#error);
	}
}

/** Closes a stream once what was written to it has gone out. */
function closeSoon(socket: Socket): void {
	if ("destroySoon" in socket) {
		socket.destroySoon();
		return;
	}
	const stream: Socket = socket;
	if (stream.writableFinished) stream.destroy();
	else stream.end(() => stream.destroy());
}
