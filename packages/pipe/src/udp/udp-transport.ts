import type { RemoteInfo, Socket } from "node:dgram";
import type { Counters } from "../delivery/counters.js";
import { PipeSendError } from "../errors.js";
import { peerText } from "../peer.js";
import type { DataTransport, TransportSink } from "../transport.js";
import type { Peer } from "../types.js";

/** What a UDP transport is made with. */
export interface UdpInit {
	readonly socket: Socket;
	/** The one destination of a client; null for a server. */
	readonly remote: Peer | null;
	/** Take datagrams from others than `remote` too. */
	readonly anySource: boolean;
	readonly counters: Counters;
}

/** One bound datagram socket. It is not connected, so that others can share it. */
export class UdpTransport implements DataTransport {
	readonly remote: Peer | null;
	readonly #socket: Socket;
	readonly #sink: TransportSink;
	readonly #only: Peer | null;
	readonly #counters: Counters;
	readonly #local: Peer;
	/** The sender of the last datagram: most come from the same one as the last. */
	#last: Peer;
	/** A socket that came connected: the kernel takes no address with its datagrams. */
	readonly fixed: boolean;
	#unsent = 0;
	#sends = 0;
	#idle: (() => void) | null = null;
	#closed = false;

	constructor({ socket, remote, anySource, counters }: UdpInit, sink: TransportSink) {
		this.#socket = socket;
		this.#sink = sink;
		this.remote = remote;
		this.#only = anySource ? null : remote;
		this.#last = remote ?? ["", 0];
		this.#counters = counters;
		this.fixed = connectedPeer(socket) !== null;
		const { address, port } = socket.address();
		this.#local = [address, port];
		socket.on("message", this.#onMessage);
		socket.on("error", this.#onError);
		socket.on("close", this.#onClose);
	}

	get local(): Peer {
		return this.#local;
	}

	get unsent(): number {
		return this.#unsent;
	}

	get lastPeer(): Peer {
		return this.#last;
	}

	/** A datagram socket cannot be told to wait: what nobody takes is counted. */
	read(_on: boolean): void {
		return;
	}

	send(data: Uint8Array, to: Peer | null): Promise<void> {
		const peer = to ?? this.remote;
		if (peer === null) throw new TypeError("a UDP server's send has a destination");
		this.#sends++;
		this.#unsent += data.length;
		return new Promise((resolve, reject) => {
			if (this.fixed) this.#socket.send(data, (error) => this.#sent(data, peer, error, resolve, reject));
			else {
				this.#socket.send(data, peer[1], peer[0], (error) => this.#sent(data, peer, error, resolve, reject));
			}
		});
	}

	/** Datagrams have no end to send. */
	end(): Promise<void> {
		return Promise.resolve();
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		// Node forgets the callbacks of sends that a close overtakes. The kernel takes datagrams at once.
		if (this.#sends > 0) {
			await new Promise<void>((resolve) => {
				this.#idle = resolve;
			});
		}
		if (this.#closed) return;
		await new Promise<void>((resolve) => {
			this.#socket.once("close", resolve);
			this.#socket.close();
		});
	}

	keepAlive(alive: boolean): void {
		if (alive) this.#socket.ref();
		else this.#socket.unref();
	}

	release(): void {
		this.#socket.off("message", this.#onMessage);
		this.#socket.off("error", this.#onError);
		this.#socket.off("close", this.#onClose);
	}

	#sent(
		data: Uint8Array,
		peer: Peer,
		error: Error | null,
		resolve: () => void,
		reject: (error: Error) => void,
	): void {
		this.#unsent -= data.length;
		if (--this.#sends === 0) this.#idle?.();
		if (error === null || error === undefined) resolve();
		else reject(new PipeSendError(`cannot send to ${peerText(peer)}: ${error.message}`, { cause: error }));
	}

	readonly #onMessage = (data: Buffer, from: RemoteInfo): void => {
		const only = this.#only;
		if (only !== null) {
			if (from.port !== only[1] || from.address !== only[0]) {
				this.#counters.foreign++;
				return;
			}
			this.#sink.chunk(data, only);
			return;
		}
		if (from.port !== this.#last[1] || from.address !== this.#last[0]) this.#last = [from.address, from.port];
		this.#sink.chunk(data, this.#last);
	};
	readonly #onError = (error: Error): void => this.#sink.report(error);
	readonly #onClose = (): void => {
		this.#closed = true;
		this.#sink.closed(null);
	};
}

/** The peer of a socket that was connected; null for all others. */
export function connectedPeer(socket: Socket): Peer | null {
	try {
		const { address, port } = socket.remoteAddress();
		return [address, port];
	} catch {
		// Node's only way to say that it is not connected.
		return null;
	}
}
