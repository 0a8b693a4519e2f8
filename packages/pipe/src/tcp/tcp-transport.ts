import type { Socket } from "node:net";
import { PipeSendError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { DataTransport, TransportSink } from "../transport.js";
import type { Peer } from "../types.js";

/** A send that the kernel has not taken. */
interface PendingSend {
	readonly resolve: () => void;
	readonly reject: (error: Error) => void;
}

/** One connected stream socket, plain or TLS, as client or accepted. */
export class TcpTransport implements DataTransport {
	readonly remote: Peer;
	readonly fixed = true;
	readonly #socket: Socket;
	readonly #sink: TransportSink;
	readonly #clock: Settings["clock"];
	#local: Peer | null = null;
	/** Sends that the kernel has not taken, in their order. */
	#sends: PendingSend[] | null = null;
	#onWritten: ((error?: Error | null) => void) | null = null;
	#error: Error | null = null;
	/** Whether something was sent in this tick; the rest of it goes out in one piece then. */
	#sentInTick = false;
	#corked = false;
	/** The listener of data, once there is somebody to hand it to. */
	#onData: ((data: Buffer) => void) | null = null;
	// Bound methods are the smallest listeners that can be taken off again: ten thousand idle pipes have them.
	readonly #onEnd: () => void;
	readonly #onError: (error: Error) => void;
	readonly #onClose: () => void;

	/** @param remote the peer, where the caller knows it better than the socket */
	constructor(socket: Socket, sink: TransportSink, settings: Settings, remote: Peer | null) {
		this.#socket = socket;
		this.#sink = sink;
		this.#clock = settings.clock;
		this.remote = remote ?? [socket.remoteAddress ?? "", socket.remotePort ?? 0];
		// Whether the pipe goes on after the peer has finished is decided above, and in the order of the messages.
		socket.allowHalfOpen = true;
		if (settings.noDelay) socket.setNoDelay(true);
		if (settings.keepAlive !== null) socket.setKeepAlive(true, settings.keepAlive);
		this.#onEnd = sink.ended.bind(sink);
		this.#onError = this.#failed.bind(this);
		this.#onClose = this.#closed.bind(this);
		socket.on("end", this.#onEnd);
		socket.on("error", this.#onError);
		socket.on("close", this.#onClose);
	}

	/** Asked of the OS when it is first wanted, or before it is gone. */
	get local(): Peer {
		this.#local ??= [this.#socket.localAddress ?? "", this.#socket.localPort ?? 0];
		return this.#local;
	}

	get lastPeer(): Peer {
		return this.remote;
	}

	get unsent(): number {
		return this.#socket.writableLength;
	}

	read(on: boolean): void {
		if (!on) {
			this.#socket.pause();
			return;
		}
		if (this.#onData === null) {
			this.#onData = (data) => this.#sink.chunk(data, this.remote);
			this.#socket.on("data", this.#onData);
		}
		this.#socket.resume();
	}

	send(data: Uint8Array): Promise<void> {
		// The first write of a tick goes out at once; those after it are joined into one.
		if (!this.#sentInTick) {
			this.#sentInTick = true;
			process.nextTick(TcpTransport.#tickOver, this);
		} else if (!this.#corked) {
			this.#corked = true;
			this.#socket.cork();
		}
		this.#sends ??= [];
		this.#onWritten ??= this.#written.bind(this);
		const sends = this.#sends;
		const onWritten = this.#onWritten;
		return new Promise((resolve, reject) => {
			sends.push({ resolve, reject });
			this.#socket.write(data, onWritten);
		});
	}

	end(): Promise<void> {
		return new Promise((resolve, reject) => {
			const socket = this.#socket;
			const settle = (): void => {
				socket.off("finish", settle);
				socket.off("close", settle);
				if (socket.writableFinished) resolve();
				else reject(this.#lost(this.#error));
			};
			socket.on("finish", settle);
			socket.on("close", settle);
			socket.end();
		});
	}

	close(linger: number): Promise<void> {
		const socket = this.#socket;
		if (socket.closed) return Promise.resolve();
		return new Promise((resolve) => {
			let timer: unknown = null;
			socket.once("close", () => {
				if (timer !== null) this.#clock.clearTimeout(timer);
				resolve();
			});
			if (socket.destroyed) return;
			if (linger === 0) {
				this.#reset();
				return;
			}
			if (socket.writableLength > 0 && linger !== Number.POSITIVE_INFINITY) {
				timer = this.#clock.setTimeout(() => this.#reset(), linger);
			}
			socket.destroySoon();
		});
	}

	keepAlive(alive: boolean): void {
		if (alive) this.#socket.ref();
		else this.#socket.unref();
	}

	release(): void {
		this.#socket.pause();
		if (this.#onData !== null) this.#socket.off("data", this.#onData);
		this.#socket.off("end", this.#onEnd);
		this.#socket.off("error", this.#onError);
		this.#socket.off("close", this.#onClose);
	}

	#lost(cause: Error | null): PipeSendError {
		const why = cause === null ? "" : `: ${cause.message}`;
		return new PipeSendError(`the connection closed before all was sent${why}`, { cause });
	}

	#reset(): void {
		// TLS has no reset of its own in Node; what is unsent is dropped either way.
		if ("encrypted" in this.#socket) this.#socket.destroy();
		else this.#socket.resetAndDestroy();
	}

	static #tickOver(transport: TcpTransport): void {
		transport.#sentInTick = false;
		if (!transport.#corked) return;
		transport.#corked = false;
		transport.#socket.uncork();
	}

	/** Streams call back in the order of their writes. */
	#written(error: Error | null | undefined): void {
		const send = this.#sends?.shift();
		// A socket that was destroyed meanwhile calls back without an error, though the data is lost.
		if (!error && !this.#socket.destroyed) send?.resolve();
		else send?.reject(this.#lost(error ?? this.#error));
	}

	#failed(error: Error): void {
		this.#error ??= error;
	}

	#closed(): void {
		// A stream need not call back for what its end overtook.
		for (const send of this.#sends?.splice(0) ?? []) send.reject(this.#lost(this.#error));
		this.#sink.closed(this.#error);
	}
}
