import type { Endpoint } from "@p2pd/net";

/** Called when a datagram was handed to the network, or could not be. */
export type SendCallback = (error: Error | null) => void;

/** What a link tells its owner. */
export interface LinkHandlers {
	/** A whole message or ChannelData. It belongs to the owner. */
	packet(packet: Buffer): void;
	/** Something on the way says that the server may be gone (ICMP); the link is still there. */
	trouble(error: Error): void;
	/** The link is gone. Called once, and not after `close()`. */
	ended(error: Error): void;
}

/** One way to the server: a UDP socket, or a TCP or TLS connection. */
export interface Link {
	readonly server: Endpoint;
	/** Whether what is sent arrives, or the link ends. */
	readonly reliable: boolean;
	/** Our end, below the relay. */
	readonly local: Endpoint;
	/** Starts to deliver packets. */
	start(handlers: LinkHandlers): void;
	/** Sends a control message. */
	send(bytes: Buffer): void;
	/** Sends a payload between its header and `padding` zeros, without copying it. */
	sendData(header: Buffer, payload: Uint8Array, padding: number, callback: SendCallback | null): void;
	/** Bytes that wait to be sent, and the payloads they belong to. */
	queued(): { readonly bytes: number; readonly count: number };
	/** Whether it keeps the process alive. */
	keepAlive(alive: boolean): void;
	/** Closes it. Resolves once the system has. */
	close(): Promise<void>;
}
