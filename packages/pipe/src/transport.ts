import type { Peer } from "./types.js";

/** Where a transport hands what comes from the network. */
export interface TransportSink {
	/** Data arrived: a datagram, or a piece of a stream. */
	chunk(data: Buffer, peer: Peer): void;
	/** The peer has finished sending; nothing follows. */
	ended(): void;
	/** The socket is closed, by whomever; called once. */
	closed(error: Error | null): void;
	/** Something went wrong that does not end the transport. */
	report(error: Error): void;
}

/** One socket under a pipe. */
export interface Transport {
	readonly local: Peer;
	/** Null where there is no single peer. */
	readonly remote: Peer | null;
	/** Closes the socket; resolves once the OS has. `linger` is the time in ms for unsent data; then it resets. */
	close(linger: number): Promise<void>;
	/** Whether the socket alone keeps the process alive. */
	keepAlive(alive: boolean): void;
	/** Takes the pipe's listeners off the socket, which stays open. */
	release(): void;
}

/** A transport that carries data itself, which a TCP server's does not. */
export interface DataTransport extends Transport {
	/** Whether it sends to `remote` alone. */
	readonly fixed: boolean;
	/** The sender of the last message, in the spelling that `send` takes unchecked. */
	readonly lastPeer: Peer;
	/** Bytes handed to `send` that the kernel has not taken. */
	readonly unsent: number;
	/** Lets data come, or stops it. Nothing comes before the first call. Without effect where the OS cannot (UDP). */
	read(on: boolean): void;
	/** Resolves when the kernel has taken the data. `to` is null for a transport with one peer. */
	send(data: Uint8Array, to: Peer | null): Promise<void>;
	/** Finishes this direction; what the peer sends still comes. */
	end(): Promise<void>;
}
