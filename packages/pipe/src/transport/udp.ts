import type { RemoteInfo, Socket } from "node:dgram";
import { endpointText } from "@p2pd/net";
import { UDP_SEND_WAIT } from "../defaults.js";
import { PipeSendError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { PipePeer } from "../types.js";
import { PendingSends } from "./pending-sends.js";
import type { Transport, TransportSink } from "./types.js";

/** What a UDP transport is made with. */
export interface UdpInit {
	readonly socket: Socket;
	/** The only destination of a client; null for a server. */
	readonly remote: PipePeer | null;
	/** Accept datagrams from others than `remote` too. */
	readonly anySource: boolean;
	readonly settings: Settings;
}

/** One bound datagram socket. It is not connected, so that others can share it, unless it was given connected. */
export class UdpTransport implements Transport {
	readonly socket: Socket;
	readonly remote: PipePeer | null;
	/** A socket that was given connected: the kernel takes no address with its datagrams. */
	readonly fixed: boolean;
	readonly local: PipePeer;
	/** A datagram that cannot be sent does not end the pipe. */
	readonly lostError = null;
	readonly #settings: Settings;
	readonly #only: PipePeer | null;
	readonly #sends = new PendingSends();
	#sink: TransportSink | null = null;
	/** The sender of the last datagram: the next one is usually from the same. */
	#last: PipePeer;
	#idle: (() => void) | null = null;
	#closed = false;

	constructor({ socket, remote, anySource, settings }: UdpInit) {
		this.socket = socket;
		this.remote = remote;
		this.#settings = settings;
		this.#only = anySource ? null : remote;
		this.#last = remote ?? ["", 0];
		this.fixed = connectedPeer(socket) !== null;
		const { address, port } = socket.address();
		this.local = [address, port];
	}

	get backlog(): number {
		return this.#sends.cost;
	}

	get lastPeer(): PipePeer {
		return this.#last;
	}

	start(sink: TransportSink): void {
		this.#sink = sink;
		this.socket.on("message", this.#onMessage);
		this.socket.on("error", this.#onError);
		this.socket.on("close", this.#onClose);
	}

	/** A datagram socket cannot be told to wait: what no one takes is counted. */
	read(_on: boolean): void {
		return;
	}

	send(data: Uint8Array, to: PipePeer | null): Promise<void> {
		const sent = this.#sends.add(data.length);
		const peer = to ?? this.remote;
		if (this.fixed || peer === null) this.socket.send(data, (error) => this.#sent(peer, error));
		else this.socket.send(data, peer[1], peer[0], (error) => this.#sent(peer, error));
		return sent;
	}

	notifyBelow(limit: number): void {
		this.#sends.notifyBelow(limit, () => this.#sink?.relieved());
	}

	/** Datagrams have no end to send. */
	end(): Promise<void> {
		return Promise.resolve();
	}

	async close(linger: number): Promise<void> {
		if (this.#closed) return;
		// Node forgets the callbacks of sends that a close overtakes. The kernel takes datagrams at once.
		if (this.#sends.length > 0) await this.#untilIdle(Math.max(linger, UDP_SEND_WAIT));
		if (this.#closed) return;
		await new Promise<void>((resolve) => {
			try {
				this.socket.close(resolve);
			} catch {
				// Closed by someone else in this tick: Node says so by throwing.
				resolve();
			}
		});
	}

	keepAlive(alive: boolean): void {
		if (alive) this.socket.ref?.();
		else this.socket.unref?.();
	}

	release(): void {
		this.socket.off("message", this.#onMessage);
		this.socket.off("error", this.#onError);
		this.socket.off("close", this.#onClose);
	}

	/** Waits until all sends have settled, at most `linger` ms. */
	#untilIdle(linger: number): Promise<void> {
		const { clock } = this.#settings;
		return new Promise((resolve) => {
			const timer = linger === Number.POSITIVE_INFINITY ? null : clock.setTimeout(resolve, linger);
			this.#idle = () => {
				if (timer !== null) clock.clearTimeout(timer);
				resolve();
			};
		});
	}

	/** Datagram sockets call back in the order of their sends. */
	#sent(peer: PipePeer | null, error: Error | null | undefined): void {
		if (error === null || error === undefined) this.#sends.taken();
		else this.#sends.lost(sendError(peer, error));
		if (this.#sends.length === 0) this.#idle?.();
	}

	readonly #onMessage = (data: Buffer, from: RemoteInfo): void => {
		const only = this.#only;
		if (only !== null) {
			if (from.port === only[1] && from.address === only[0]) this.#sink?.chunk(data, only);
			else this.#sink?.foreign();
			return;
		}
		if (from.port !== this.#last[1] || from.address !== this.#last[0]) this.#last = [from.address, from.port];
		this.#sink?.chunk(data, this.#last);
	};
	readonly #onError = (error: Error): void => this.#sink?.report(error);
	readonly #onClose = (): void => {
		this.#closed = true;
		this.#idle?.();
		this.#sends.lostAll(() => sendError(this.remote, new Error("the socket is closed")));
		this.#sink?.closed(null);
	};
}

function sendError(peer: PipePeer | null, cause: Error): PipeSendError {
	const to = peer === null ? "" : ` to ${endpointText({ ip: peer[0], port: peer[1] })}`;
	return new PipeSendError(`cannot send${to}: ${cause.message}`, { cause });
}

/** The peer of a connected socket; null for all others. */
export function connectedPeer(socket: Socket): PipePeer | null {
	// An object with only the methods of the socket contract has none to be asked with.
	if (typeof socket.remoteAddress !== "function") return null;
	try {
		const { address, port } = socket.remoteAddress();
		return [address, port];
	} catch {
		// Node's only way to say that it is not connected.
		return null;
	}
}
