import type { Socket as UdpSocket } from "node:dgram";
import type { Server as TcpServer, Socket as TcpSocket } from "node:net";
import type { Duplex } from "node:stream";
import type { ReadableStream, WritableStream } from "node:stream/web";
import type { PipeTlsInfo } from "./tls/types.js";

/** The transport protocol of a pipe: `TCP` or `UDP`. */
export type PipeProtocol = "tcp" | "udp";

/** What a pipe is to its peers. `accepted` is a server's side of one TCP connection. */
export type PipeRole = "client" | "server" | "accepted";

/** The states of a pipe, in their order. */
export type PipeState = "opening" | "open" | "closing" | "closed";

/** Another host's IP address and port. A link-local address carries its zone (`fe80::1%eth0`). */
export type PipePeer = readonly [ip: string, port: number];

/** Bytes to send. A string goes out as UTF-8. */
export type PipeData = Uint8Array | string;

/** A received message: its sender and its bytes. */
export type PipeMessage = readonly [peer: PipePeer, data: Buffer];

/** The socket under a pipe. */
export type PipeSocket = TcpSocket | TcpServer | UdpSocket;

/** Why a pipe ended. The first cause counts. */
export interface PipeEndReason {
	/**
	 * `local`: `close()` was called here. `remote`: the peer finished. `error`: see `error`. `abort`: the pipe's signal
	 * aborted. `parent`: its server closed.
	 */
	readonly kind: "local" | "remote" | "error" | "abort" | "parent";
	/** What went wrong; null for an orderly end. */
	readonly error: Error | null;
}

/** Called with each message, in order of arrival. Its promise, if it returns one, is not awaited. */
export type PipeMessageCallback = (message: Buffer, peer: PipePeer, pipe: Pipe) => unknown;

/** Called once a connection is established: on a server with the accepted pipe, on a client with the pipe itself. */
export type PipeConnectCallback = (message: null, peer: PipePeer | null, pipe: Pipe) => unknown;

/** Called exactly once, when the pipe is closed and before `close()` resolves. */
export type PipeEndCallback = (
	message: null,
	peer: PipePeer | null,
	pipe: Pipe,
	reason: PipeEndReason,
) => unknown;

/** Called with errors that no call can reject with: a callback that threw, a slow pattern, a failed relay. */
export type PipeErrorCallback = (error: Error, pipe: Pipe) => unknown;

/** Anything that tests a string: a RegExp, or an engine without backtracking such as RE2. */
export interface PipePatternTest {
	test(text: string): boolean;
}

/** A pattern over a message: tested on its bytes as latin1 text (one character a byte), or bytes that it contains. */
export type PipePattern = RegExp | PipePatternTest | Uint8Array;

/**
 * Which messages a subscription takes: all (`SUB_ALL`, which is null), those that match a pattern, or those that match
 * a pair of a pattern and the sender's address. Either half of the pair may be null for any; port 0 is any port.
 */
export type PipeSubscriptionKey =
	| null
	| PipePattern
	| readonly [pattern: PipePattern | null, from: PipePeer | null];

/**
 * What a full queue does with the next message. `drop-oldest` and `drop-newest` lose a message and count it. `error`
 * loses it, and the `recv` that reaches the gap rejects. `wait` stops reading from the socket (TCP only).
 */
export type PipeQueuePolicy = "drop-oldest" | "drop-newest" | "error" | "wait";

/** Options of one subscription. */
export interface PipeSubscribeOptions {
	/** @default `wait` on TCP, `drop-oldest` on UDP */
	readonly policy?: PipeQueuePolicy;
	/** The most messages that are queued. @default the pipe's `queueMessages` */
	readonly queueMessages?: number;
	/** The most bytes that are queued. A single message of any size always fits. @default the pipe's `queueBytes` */
	readonly queueBytes?: number;
	/** What the subscription is called in `stalledBy` and `subscriptions`. @default its pattern as text */
	readonly name?: string;
}

/** The counters of one subscription. */
export interface PipeSubscriptionInfo {
	readonly name: string;
	readonly policy: PipeQueuePolicy;
	/** Messages that wait to be read. */
	readonly queued: number;
	/** Their bytes. */
	readonly queuedBytes: number;
	/** Messages that have matched so far. */
	readonly matched: number;
	/** Matching messages that were lost because the queue was full. */
	readonly dropped: number;
	/** How often a full queue stopped the pipe from reading. */
	readonly stalls: number;
}

/** What keeps a TCP pipe from reading. */
export interface PipeStall {
	/** `subscription`: a full queue. `relay`: a target that is behind. `send`: the peer does not take what is sent to it. */
	readonly kind: "subscription" | "relay" | "send";
	/** The subscription's name, the relay target's address, or the peer's. */
	readonly name: string;
}

/** The counters of one pipe. */
export interface PipeStats {
	readonly messagesIn: number;
	readonly bytesIn: number;
	readonly messagesOut: number;
	readonly bytesOut: number;
	/** Messages that no callback, subscription or relay took. */
	readonly unmatched: number;
	/** Datagrams that a UDP client dropped because they were not from its destination. */
	readonly foreign: number;
	/** Messages that were dropped as duplicates. */
	readonly duplicates: number;
	/** Messages that were dropped because a relay's target was behind. */
	readonly relayDropped: number;
	/**
	 * Connections that a server refused: its accept queue was full, it had `maxConnections` already, or the TLS
	 * handshake failed.
	 */
	readonly refused: number;
}

/** Options of one `recv`. */
export interface PipeRecvOptions {
	/** Which subscription to read. @default all messages */
	readonly sub?: PipeSubscriptionKey;
	/** Milliseconds to wait; 0 is the pipe's `recvTimeout`, Infinity is no limit. @default 0 */
	readonly timeout?: number;
	/** Return `[peer, message]` instead of the message. @default false */
	readonly full?: boolean;
	readonly signal?: AbortSignal;
}

/**
 * One object for TCP and UDP, clients and servers. `pipeOpen` makes it. A method that the pipe's role does not have
 * rejects with {@link PipeRoleError} (`ERR_PIPE_ROLE`), or throws it if the method returns no promise. A wrong
 * argument is a {@link PipeOptionError} in the same way.
 *
 * Each message goes to the relays first, then to the callbacks, then to the subscriptions. Callbacks do not wait for
 * each other's promises; a subscription's handler is called again only once its last promise has settled.
 */
export interface Pipe {
	readonly protocol: PipeProtocol;
	readonly role: PipeRole;
	readonly state: PipeState;
	/** The socket's own address. */
	readonly local: PipePeer;
	/** The peer; null on a server, which has none or many. */
	readonly remote: PipePeer | null;
	/** Why the pipe ended; null while it is open. */
	readonly reason: PipeEndReason | null;
	/** The result of the TLS handshake; null without TLS. */
	readonly tls: PipeTlsInfo | null;
	readonly stats: PipeStats;
	/** Each subscription with its counters. */
	readonly subscriptions: readonly PipeSubscriptionInfo[];
	/** What has kept a TCP pipe from reading for longest; null if nothing does. */
	readonly stalledBy: PipeStall | null;
	/** The open connections of a TCP server. */
	readonly pipes: ReadonlySet<Pipe>;
	/**
	 * The socket underneath. The pipe still owns it. A STUN client can share a UDP pipe's socket
	 * (`new StunClient({ server }, { sockets: pipe.socket })` of `@p2pd/stun-client`): it keeps its replies to itself.
	 */
	readonly socket: PipeSocket;

	/** Adds a callback for messages; on a TCP server, for those of connections accepted from now on. */
	onMessage(callback: PipeMessageCallback): this;
	offMessage(callback: PipeMessageCallback): this;
	/** Adds a callback for this connection (called soon if it is established already), or for a server's next ones. TCP. */
	onConnect(callback: PipeConnectCallback): this;
	offConnect(callback: PipeConnectCallback): this;
	/** Adds a callback for the end of the pipe; called soon if it is closed already. */
	onEnd(callback: PipeEndCallback): this;
	offEnd(callback: PipeEndCallback): this;
	/** Adds a callback for errors that have no caller. Without any, they are emitted as process warnings. */
	onError(callback: PipeErrorCallback): this;
	offError(callback: PipeErrorCallback): this;

	/**
	 * Queues the messages that match `sub` for `recv`, or passes them to `handler`, one after another. Subscribing to
	 * the same messages again, with the same handler, changes nothing.
	 *
	 * @throws PipeOptionError for an invalid pattern or policy, or if the same messages have another handler or options
	 */
	subscribe(
		sub?: PipeSubscriptionKey,
		handler?: PipeMessageCallback | null,
		options?: PipeSubscribeOptions,
	): this;
	/** Removes a subscription and drops its queue; `recv`s that wait on it reject. Unknown ones are ignored. */
	unsubscribe(sub?: PipeSubscriptionKey): this;
	/**
	 * The next message of a subscription, or null after the timeout. Messages that were queued before the pipe ended
	 * can still be read. With `full`, `[peer, message]`.
	 *
	 * Rejects with PipeNotSubscribedError, PipeOverflowError (at a gap, under the policy `error`), PipeClosedError,
	 * PipeOptionError, or the signal's reason.
	 */
	recv(options: PipeRecvOptions & { readonly full: true }): Promise<PipeMessage | null>;
	recv(options?: PipeRecvOptions & { readonly full?: false }): Promise<Buffer | null>;
	recv(options?: PipeRecvOptions): Promise<Buffer | PipeMessage | null>;
	/**
	 * The messages of a subscription, for `for await`. Subscribes at once if necessary, and then unsubscribes at the
	 * end. Ends with the pipe, and throws if the pipe ended with an error.
	 */
	messages(
		sub: PipeSubscriptionKey,
		options: { readonly full: true; readonly signal?: AbortSignal },
	): AsyncGenerator<PipeMessage, void, undefined>;
	messages(
		sub?: PipeSubscriptionKey,
		options?: { readonly full?: false; readonly signal?: AbortSignal },
	): AsyncGenerator<Buffer, void, undefined>;

	/**
	 * Sends bytes, or text as UTF-8. Resolves when the kernel has taken them; do not change them before that. Awaiting
	 * each send bounds the memory in use. A TCP pipe joins the sends of one tick.
	 *
	 * Rejects with PipeClosedError, PipeDestinationError, PipeTooLongError, PipeFramingError, PipeSendQueueError,
	 * PipeOptionError, or PipeSendError. The last one means that the connection ended first; `onEnd` reports that too,
	 * so it never becomes an unhandled rejection. The signal only ends the wait: bytes cannot be called back.
	 *
	 * @param dest the destination, on UDP @default the pipe's own
	 */
	send(data: PipeData, dest?: PipePeer, options?: { readonly signal?: AbortSignal }): Promise<void>;
	/**
	 * Finishes sending (half-close) once everything is sent; the peer's messages still arrive. TCP. Rejects with
	 * PipeClosedError or PipeSendError.
	 */
	end(): Promise<void>;
	/**
	 * Closes the pipe and, on a server, its connections. Unsent data has `linger` milliseconds without progress to
	 * leave, waiting calls reject with PipeClosedError, relays are removed. Resolves once the OS has closed the socket
	 * and the end callbacks were called. Closing again waits for the same.
	 */
	close(options?: { readonly linger?: number }): Promise<void>;
	/** Closes at once: unsent data is dropped, and a TCP peer sees a reset. */
	reset(): Promise<void>;
	/** Ends the pipe and returns its socket, still open. On a server, its connections are closed. */
	detach(): PipeSocket;
	/** Lets the process exit while the pipe is open. */
	unref(): this;
	/** Undoes `unref`. */
	ref(): this;

	/**
	 * Sends every message received here on by `target`, until either closes. A TCP pipe waits for a target that is
	 * behind; a UDP one drops messages and counts them. Two pipes that are linked both ways are a relay: when one
	 * side's peer finishes sending, the other side's peer is told so, and the opposite direction goes on.
	 *
	 * @param options.to the destination, for a target that has none of its own
	 * @throws PipeRelayError for a loop, a closed pipe, or a target without a destination; PipeOptionError
	 */
	addPipe(target: Pipe, options?: { readonly to?: PipePeer }): this;
	/** Undoes `addPipe`. A pipe that is not linked is ignored. */
	delPipe(target: Pipe): this;

	/** The next connection of a TCP server, in order of arrival; null after the timeout, if one is given. */
	accept(options?: { readonly timeout?: number; readonly signal?: AbortSignal }): Promise<Pipe | null>;
	/** The connections of a TCP server, for `for await`. Ends with the server. */
	accepted(options?: { readonly signal?: AbortSignal }): AsyncGenerator<Pipe, void, undefined>;

	/** All messages as a Web stream with backpressure. The same stream at every call. */
	readonly readable: ReadableStream<Uint8Array>;
	/**
	 * Sending as a Web stream with backpressure. The same stream at every call. Once it was asked for, the pipe stays
	 * open for it after the peer has finished, as with `halfOpen`.
	 */
	readonly writable: WritableStream<PipeData>;
	/**
	 * All messages, and sending, as a Node stream with backpressure. Its two directions end independently, as with
	 * `halfOpen`; once both have ended, or when it is destroyed, the pipe closes. A connection that was reset is an
	 * error of the stream.
	 */
	toDuplex(): Duplex;

	/** The pipe in one line: `Pipe { tcp client open 127.0.0.1:50000 -> 127.0.0.1:80 }`. */
	toString(): string;
	[Symbol.asyncDispose](): Promise<void>;
}
