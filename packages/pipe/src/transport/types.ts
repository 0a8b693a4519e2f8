import type { PipePeer, PipeSocket } from "../types.js";

/** Where a transport passes what happens on its socket. */
export interface TransportSink {
	/** Data arrived: a datagram, or a piece of a stream. */
	chunk(data: Buffer, peer: PipePeer): void;
	/** A datagram arrived from someone other than the peer, and was dropped. */
	foreign(): void;
	/** The backlog has fallen to the limit of {@link Transport.notifyBelow}. */
	relieved(): void;
	/** The peer has finished sending. */
	ended(): void;
	/** The socket is closed, whoever closed it. Called once. */
	closed(error: Error | null): void;
	/** An error that does not end the transport. */
	report(error: Error): void;
}

/** One socket that carries data: a TCP connection, plain or TLS, or a UDP socket. */
export interface Transport {
	readonly socket: PipeSocket;
	readonly local: PipePeer;
	/** Null where there is no single peer. */
	readonly remote: PipePeer | null;
	/** Whether it sends to `remote` only. */
	readonly fixed: boolean;
	/** The sender of the last message. `send` takes this very object without a check. */
	readonly lastPeer: PipePeer;
	/** The cost of the sends that the kernel has not taken, see {@link sendCost}. */
	readonly backlog: number;
	/** What sends reject with that the end of the connection overtook; null until there are any. */
	readonly lostError: Error | null;
	/** Listens to the socket. Called once, in the tick in which the transport was made. */
	start(sink: TransportSink): void;
	/** Starts or stops reading. Nothing is read before the first call. UDP cannot stop. */
	read(on: boolean): void;
	/** Resolves when the kernel has taken the data. `to` is null for a transport with a single peer. */
	send(data: Uint8Array, to: PipePeer | null): Promise<void>;
	/** Calls `relieved` once the backlog is `limit` or less. */
	notifyBelow(limit: number): void;
	/** Finishes sending; the peer's data still arrives. */
	end(): Promise<void>;
	/**
	 * Closes the socket; resolves once the OS has. Unsent data has `linger` ms to leave before a reset, or, if
	 * `patient`, as long as some of it leaves every `linger` ms. May be called again with less patience.
	 */
	close(linger: number, patient?: boolean): Promise<void>;
	/** Whether the socket alone keeps the process alive. */
	keepAlive(alive: boolean): void;
	/** Takes the listeners off the socket, which stays open. */
	release(): void;
}
