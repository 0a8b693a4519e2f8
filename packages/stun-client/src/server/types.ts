import type { Clock, Endpoint } from "@p2pd/net";

/** A datagram to send. */
export interface ResponderReply {
	readonly data: Uint8Array;
	/** Which of the server's addresses it is sent from. */
	readonly from: Endpoint;
	readonly to: Endpoint;
}

/** Answers one datagram that `localTo` received `from` a client. It has no other effect. */
export type StunResponder = (data: Uint8Array, from: Endpoint, localTo: Endpoint) => ResponderReply[];

/** Options of `createStunResponder`. */
export interface StunResponderOptions {
	/** The first address. A second one makes four, of two IPs and two ports. */
	readonly primary: Endpoint;
	/** The second address, with another IP and another port. Without it CHANGE-REQUEST is refused with 420. */
	readonly alternate?: Endpoint | undefined;
	/** SOFTWARE, sent in reply to requests that are long enough. At most 4 bytes. @default "p2pd" */
	readonly software?: string;
	/** Answer RFC 3489 requests. @default true */
	readonly rfc3489?: boolean;
	/** Obey RESPONSE-PORT (RFC 5780 section 7.5): replies go to another port of the IP that asked. @default true */
	readonly responsePort?: boolean;
	/** Obey PADDING, with as many bytes as the request had. @default true */
	readonly padding?: boolean;
	/** Requests per second that one source may send over UDP, and over TCP; 0 is no limit. An IPv6 source is a /64. @default 20 */
	readonly rate?: number;
	/** Requests that a source may send at once. @default 100 */
	readonly burst?: number;
}

/** Options of `startStunServer`. */
export interface StunServerOptions extends Omit<StunResponderOptions, "primary" | "alternate"> {
	/** Port 0 takes a free one. */
	readonly primary: Endpoint;
	/** Port 0 takes a free one; its IP and port differ from the primary's. */
	readonly alternate?: Endpoint;
	/** Serve RFC 8489 over TCP too, on the same addresses. @default false */
	readonly tcp?: boolean;
	/** TCP connections held at once. @default 1000 */
	readonly maxConnections?: number;
	/** TCP connections of one source held at once. @default 20 */
	readonly maxConnectionsPerSource?: number;
	/** Milliseconds that a TCP connection has to send each whole message. @default 10000 */
	readonly idleTimeout?: number;
}

/** What the environment supplies to a server. */
export interface StunServerDeps {
	/** Called when a socket of the server fails after it was opened. The others go on. @default `process.emitWarning` */
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
