import type { Clock, Endpoint } from "@p2pd/net";

/** A datagram to send. */
export interface ResponderReply {
	readonly data: Uint8Array;
	/** Which of the server's addresses it leaves from. */
	readonly from: Endpoint;
	readonly to: Endpoint;
}

/** A datagram in, the datagrams out; it has no other effect on the world. */
export type StunResponder = (data: Uint8Array, from: Endpoint, localTo: Endpoint) => ResponderReply[];

/** What a {@link StunResponder} does. */
export interface StunResponderOptions {
	/** The first address; its IP and port are half of the four addresses. */
	readonly primary: Endpoint;
	/** The second address, with another IP and another port. Without it CHANGE-REQUEST is refused with 420. */
	readonly alternate?: Endpoint | undefined;
	/** SOFTWARE in replies that have room for it. At most 4 bytes. @default "p2pd" */
	readonly software?: string;
	/** Answer RFC 3489 requests. @default true */
	readonly rfc3489?: boolean;
	/** Obey RESPONSE-PORT: it sends replies to ports that did not ask. @default false */
	readonly responsePort?: boolean;
	/** Obey PADDING, with never more bytes than the request had. @default true */
	readonly padding?: boolean;
	/** Requests per second that one source may send; 0 is no limit. An IPv6 source is a /64. @default 20 */
	readonly rate?: number;
	/** Requests that a source may send at once. @default 100 */
	readonly burst?: number;
}

/** What {@link StunResponderOptions} does not tell: sockets. */
export interface StunServerOptions extends Omit<StunResponderOptions, "primary" | "alternate"> {
	/** Port 0 takes a free one. */
	readonly primary: Endpoint;
	/** Port 0 takes a free one; its IP and port differ from the primary's. */
	readonly alternate?: Endpoint;
	/** Serve RFC 8489 over TCP too, on the same addresses. @default false */
	readonly tcp?: boolean;
	/** TCP connections held at once. @default 1000 */
	readonly maxConnections?: number;
	/** Milliseconds before a silent TCP connection is closed. @default 10000 */
	readonly idleTimeout?: number;
}

/** What the server needs of its surroundings. */
export interface StunServerDeps {
	/** Told when a socket of the server fails after it was opened; the others go on. @default `process.emitWarning` */
	readonly onError?: (error: Error) => void;
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
}

/** A running server. */
export interface StunServer {
	/** The first address, its port filled in. */
	readonly primary: Endpoint;
	/** The second address, its port filled in. */
	readonly alternate: Endpoint | undefined;
	/** Closes all sockets. */
	close(): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}
