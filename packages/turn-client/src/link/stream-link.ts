import type { Socket } from "node:net";
import type { Endpoint } from "@p2pd/net";
import { PADDING } from "../codec/data.js";
import { StreamFramer } from "../codec/stream-framer.js";
import { MAX_UNSENT_BYTES } from "../defaults.js";
import { errnoOf, TurnNetworkError, TurnProtocolError } from "../errors.js";
import type { Link, LinkHandlers, SendCallback } from "./types.js";

/** What Node's sockets say when the network takes no more; datagrams are dropped then, as a full socket buffer does. */
function noBuffers(): Error {
	return Object.assign(new Error("send ENOBUFS"), { code: "ENOBUFS", syscall: "send" });
}

/** A TCP or TLS connection to the server. */
export class StreamLink implements Link {
	readonly reliable = true;
	readonly server: Endpoint;
	readonly local: Endpoint;
	readonly #socket: Socket;
	readonly #framer = new StreamFramer();
	#handlers: LinkHandlers | null = null;
	#error: Error | null = null;
	#closed = false;
	#count = 0;
	#corked = false;

	constructor(socket: Socket, server: Endpoint) {
		this.#socket = socket;
		this.server = server;
		this.local = { ip: socket.localAddress ?? "", port: socket.localPort ?? 0 };
		// Datagrams must not wait for others, and a server that closes must not leave half a connection.
		socket.setNoDelay(true);
	}

	start(handlers: LinkHandlers): void {
		this.#handlers = handlers;
		this.#socket.on("data", this.#onData);
		this.#socket.on("error", this.#onError);
		this.#socket.on("end", this.#onEnd);
		this.#socket.on("close", this.#onClose);
	}

	send(bytes: Buffer): void {
		if (!this.#closed) this.#socket.write(bytes);
	}

	sendData(header: Buffer, payload: Uint8Array, padding: number, callback: SendCallback | null): void {
		if (this.#closed || this.#socket.writableLength > MAX_UNSENT_BYTES) {
			if (callback !== null) process.nextTick(callback, noBuffers());
			return;
		}
		this.#count++;
		// The parts, and the datagrams of one tick, go out in one system call.
		if (!this.#corked) {
			this.#corked = true;
			this.#socket.cork();
			process.nextTick(this.#uncork);
		}
		this.#socket.write(header);
		const last = (error?: Error | null): void => {
			this.#count--;
			callback?.(error ?? null);
		};
		const filler = PADDING[padding];
		if (padding === 0 || filler === undefined) this.#socket.write(payload, last);
		else {
			this.#socket.write(payload);
			this.#socket.write(filler, last);
		}
	}

	queued(): { bytes: number; count: number } {
		return { bytes: this.#socket.writableLength, count: this.#count };
	}

	keepAlive(alive: boolean): void {
		if (alive) this.#socket.ref();
		else this.#socket.unref();
	}

	close(): Promise<void> {
		this.#handlers = null;
		this.#closed = true;
		return closeStream(this.#socket);
	}

	readonly #uncork = (): void => {
		this.#corked = false;
		this.#socket.uncork();
	};

	readonly #onData = (chunk: Buffer): void => {
		try {
			this.#framer.push(chunk);
			for (let frame = this.#framer.next(); frame !== null; frame = this.#framer.next()) {
				this.#handlers?.packet(frame);
			}
		} catch (error) {
			this.#error = new TurnProtocolError(
				this.server,
				`the stream is out of step: ${(error as Error).message}`,
				error,
			);
			this.#socket.destroy();
		}
	};

	readonly #onError = (error: Error): void => {
		this.#error ??= new TurnNetworkError(this.server, errnoOf(error), error);
	};

	readonly #onEnd = (): void => {
		this.#error ??= new TurnNetworkError(this.server, "ECONNRESET");
		this.#socket.destroy();
	};

	readonly #onClose = (): void => {
		this.#closed = true;
		this.#handlers?.ended(this.#error ?? new TurnNetworkError(this.server, "ECONNRESET"));
		this.#handlers = null;
	};
}

/** Destroys a stream, and resolves once the system has closed it. */
export function closeStream(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		if (socket.closed) {
			resolve();
			return;
		}
		socket.once("close", () => resolve());
		socket.destroy();
	});
}
