import type { AddressInfo, Server, Socket } from "node:net";
import type { Transport, TransportSink } from "../transport.js";
import type { Peer } from "../types.js";

/** A listening TCP socket. */
export class ServerTransport implements Transport {
	readonly remote = null;
	readonly local: Peer;
	readonly #server: Server;
	readonly #sink: TransportSink;
	readonly #connection: (socket: Socket) => void;
	#closed = false;

	/** @param connection takes each connection that the kernel accepted */
	constructor(server: Server, sink: TransportSink, connection: (socket: Socket) => void) {
		this.#server = server;
		this.#sink = sink;
		this.#connection = connection;
		// A TCP server's address is never a path nor null: it listens.
		const { address, port } = server.address() as AddressInfo;
		this.local = [address, port];
		server.on("connection", this.#connection);
		server.on("error", this.#onError);
		server.on("close", this.#onClose);
	}

	close(): Promise<void> {
		if (this.#closed) return Promise.resolve();
		return new Promise((resolve) => {
			this.#server.once("close", resolve);
			if (this.#server.listening) this.#server.close();
		});
	}

	keepAlive(alive: boolean): void {
		if (alive) this.#server.ref();
		else this.#server.unref();
	}

	release(): void {
		this.#server.off("connection", this.#connection);
		this.#server.off("error", this.#onError);
		this.#server.off("close", this.#onClose);
	}

	/** Such as no descriptor left to accept with; the server listens on. */
	readonly #onError = (error: Error): void => this.#sink.report(error);
	readonly #onClose = (): void => {
		this.#closed = true;
		this.#sink.closed(null);
	};
}
