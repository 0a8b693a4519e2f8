import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket as TcpSocket } from "node:net";
import type { Framing } from "./framing/types.js";
import type { Pipe } from "./pipe.js";
import type { TlsOptions } from "./tls/types.js";

/** The transport protocol of a pipe: `TCP` or `UDP`. */
export type Protocol = "tcp" | "udp";

/** What a pipe is at its end of the line. `accepted` is a server's side of one TCP connection. */
export type PipeRole = "client" | "server" | "accepted";

/** The life of a pipe; it only goes forward. */
export type PipeState = "opening" | "open" | "closing" | "closed";

/** Another host's address and port; link-local addresses carry their zone (`fe80::1%eth0`). */
export type Peer = readonly [ip: string, port: number];

/** Bytes to send. A string goes out as UTF-8. */
export type Sendable = Uint8Array | string;

/** Why a pipe ended. The first cause counts. */
export interface EndReason {
	/** `local`: `close()` here. `remote`: the peer finished. `error`: see `error`. `abort`: its signal. `parent`: its server closed. */
	readonly kind: "local" | "remote" | "error" | "abort" | "parent";
	/** The cause, where there is one; null for an orderly end. */
	readonly error: Error | null;
}

/** Called with each message, in the order of arrival; an async one is not waited for. */
export type MessageCallback = (message: Buffer, peer: Peer, pipe: Pipe) => unknown;

/** Called once a connection stands: with the accepted pipe on a server, with the pipe itself on a client. */
export type ConnectCallback = (message: null, peer: Peer | null, pipe: Pipe) => unknown;

/** Called exactly once, when the pipe is closed and before `close()` resolves. */
export type EndCallback = (message: null, peer: Peer | null, pipe: Pipe, reason: EndReason) => unknown;

/** Called with what went wrong beside the way of the data: a callback that threw, a slow pattern, a failed relay. */
export type ErrorCallback = (error: Error, pipe: Pipe) => unknown;

/** Anything that tests a string: a RegExp, or an engine without backtracking such as RE2. */
export interface PatternTest {
	test(text: string): boolean;
}

/** A pattern over a message's bytes: tested on them as latin1 text (one character a byte), or contained as bytes. */
export type Pattern = RegExp | PatternTest | Uint8Array;

/**
 * Which messages a subscription takes: all (null), those that a pattern meets, or a pair of a pattern and the
 * sender's address, either of them null for any; port 0 stands for any port of that address.
 */
export type SubscriptionKey = null | Pattern | readonly [pattern: Pattern | null, from: Peer | null];

/**
 * What a full queue does with the next message. `drop-oldest`, `drop-newest`: lose one and count it. `error`:
 * lose it, and reject the `recv` that comes to the gap. `wait`: stop reading from the socket (TCP alone).
 */
export type QueuePolicy = "drop-oldest" | "drop-newest" | "error" | "wait";

/** Options of one subscription. */
export interface SubscribeOptions {
	/** @default `wait` on TCP, `drop-oldest` on UDP */
	readonly policy?: QueuePolicy;
	/** Messages queued at most. @default the pipe's `queueMessages` */
	readonly queueMessages?: number;
	/** Bytes queued at most; one message always fits. @default the pipe's `queueBytes` */
	readonly queueBytes?: number;
	/** What the subscription is called in `stalledBy` and in `subscriptions`. @default its pattern's text */
	readonly name?: string;
}

/** The counters of one subscription. */
export interface SubscriptionInfo {
	readonly name: string;
	readonly policy: QueuePolicy;
	/** Messages that wait to be read. */
	readonly queued: number;
	/** Their bytes. */
	readonly queuedBytes: number;
	/** Messages that matched since the start. */
	readonly matched: number;
	/** Of these, lost to a full queue. */
	readonly dropped: number;
	/** How often a full queue stopped the pipe's reading. */
	readonly stalls: number;
}

/** Who keeps a TCP pipe from reading. */
export interface Stall {
	readonly kind: "subscription" | "relay";
	/** The subscription's name, or the relay target's address. */
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
	/** Datagrams to a UDP client from others than its destination. */
	readonly foreign: number;
	/** Messages dropped as duplicates. */
	readonly duplicates: number;
	/** Messages that a relay's target could not take. */
	readonly relayDropped: number;
	/** Connections that a server turned away: its accept queue was full, or TLS failed. */
	readonly refused: number;
}

/** Options of one `recv`. */
export interface RecvOptions {
	/** Which subscription to read. @default all messages */
	readonly sub?: SubscriptionKey;
	/** Milliseconds to wait; 0 for the pipe's `recvTimeout`, `Infinity` for no end. @default 0 */
	readonly timeout?: number;
	/** Give `[peer, message]` in place of the message. @default false */
	readonly full?: boolean;
	readonly signal?: AbortSignal;
}

/** Milliseconds, monotonic, and timers: replaced in tests. */
export interface Clock {
	now(): number;
	setTimeout(fn: () => void, ms: number): unknown;
	clearTimeout(handle: unknown): void;
}

/** The part of a socket factory (a bound route, `kernelRoute`, a host in memory) that pipes use. */
export interface PipeSockets {
	readonly af: 4 | 6;
	readonly nic: { readonly name: string } | null;
	readonly localIp: string;
	udp(options?: {
		port?: number;
		reuse?: boolean;
		broadcast?: boolean;
		to?: string;
		signal?: AbortSignal;
	}): Promise<UdpSocket>;
	connect(options: {
		ip: string;
		port: number;
		localPort?: number;
		reuse?: boolean;
		lingerSeconds?: number;
		signal?: AbortSignal;
	}): Promise<TcpSocket>;
	listen(options?: {
		port?: number;
		backlog?: number;
		reuse?: boolean;
		lingerSeconds?: number;
		signal?: AbortSignal;
	}): Promise<Server>;
}

/** A route that is not bound yet. */
export interface BindableRoute {
	bind(): PipeSockets | Promise<PipeSockets>;
}

/** Anything with routes, such as an Interface: its first one is used. */
export interface RouteOwner {
	route(af?: 4 | 6): BindableRoute | PipeSockets;
}

/** What a pipe can go out by; null or undefined lets the kernel choose. */
export type PipeRoute = PipeSockets | BindableRoute | RouteOwner | null | undefined;

/** One resolved address, as `Address.select(af)` gives it. */
export interface PipeEndpoint {
	readonly ip: string;
	readonly port: number;
}

/** A target that may have several addresses, such as a resolved `Address`. */
export interface PipeAddress {
	readonly host: string;
	readonly port: number;
	endpoints(af?: 4 | 6): readonly PipeEndpoint[];
}

/** Where to: a resolved `Address`, an endpoint, `[host, port]`, or `"host:port"`. */
export type Destination = PipeAddress | PipeEndpoint | readonly [host: string, port: number] | string;

/** An open socket in place of a new one: a Node socket or server, or a descriptor. */
export type AdoptedSocket = TcpSocket | Server | UdpSocket | { readonly fd: number };

/** Options of `pipeOpen`. Times are in milliseconds. */
export interface PipeOptions {
	/** The family, where neither the route nor the destination tells. @default 4 */
	readonly af?: 4 | 6;
	/** Local port; 0 lets the kernel choose. @default the route's */
	readonly localPort?: number;
	/** Take this socket, which is the pipe's from then on. A TCP socket with a destination is a client's. */
	readonly socket?: AdoptedSocket;
	/** Time to connect, over all addresses of the destination. @default 2000 */
	readonly connectTimeout?: number;
	/** Time that `recv` waits by default. @default 2000 */
	readonly recvTimeout?: number;
	/** Time to resolve the destination's name. @default 2000 */
	readonly dnsTimeout?: number;
	/** Time of a TLS handshake. @default 4000 */
	readonly tlsTimeout?: number;
	/** Time between two addresses of a destination that are raced (RFC 8305). @default 250 */
	readonly attemptDelay?: number;
	/** Time that `close` gives unsent data before it resets; 0 resets at once. @default 4000 */
	readonly linger?: number;
	/**
	 * SO_LINGER of TCP sockets that a route of `@p2pd/route` makes, in whole seconds to 32767; other factories need
	 * not know it. 0: every close resets. More: on Linux closing holds up the whole event loop. @default off
	 */
	readonly lingerSeconds?: number;
	/** Messages in each subscription's queue. @default 1000 */
	readonly queueMessages?: number;
	/** Bytes in each subscription's queue. @default 8 MiB */
	readonly queueBytes?: number;
	/** Bytes of unfinished sends above which `send` is refused. @default 16 MiB */
	readonly sendBytes?: number;
	/** Bytes under way to a relay's target above which its source waits (TCP) or drops (UDP). @default 1 MiB */
	readonly relayBytes?: number;
	/** Leading bytes of a message that patterns see. @default 65536 */
	readonly patternBytes?: number;
	/** Time of one pattern test above which it is reported as an error. @default 50 */
	readonly patternSlow?: number;
	/** Drop a message that the same sender sent among the last so many (`true`: 1000). @default off */
	readonly dedupe?: boolean | number;
	/** SO_REUSEADDR and SO_REUSEPORT. @default false */
	readonly reuse?: boolean;
	/** SO_BROADCAST on UDP. @default false */
	readonly broadcast?: boolean;
	/** TCP keep-alive; a number is the idle time before the first probe. @default off */
	readonly keepAlive?: boolean | number;
	/** TCP_NODELAY. @default true */
	readonly noDelay?: boolean;
	/** Keep sending after the peer has finished. @default false: the pipe closes then */
	readonly halfOpen?: boolean;
	/** UDP client: take datagrams from anyone. @default false */
	readonly anySource?: boolean;
	/** Connections that wait in the kernel. @default 511 */
	readonly backlog?: number;
	/** Connections that wait for `accept()`. @default 511 */
	readonly acceptQueue?: number;
	/** Connections that a server has at once. @default no limit */
	readonly maxConnections?: number;
	/** Cut a TCP stream into messages. @default off: what arrives is handed over as it comes */
	readonly framing?: Framing;
	/** TLS over TCP; `true` with a verified peer and no further wishes. A server's needs `cert` and `key`. */
	readonly tls?: boolean | TlsOptions;
	/** The first message callback, there before anything can arrive. */
	readonly onMessage?: MessageCallback;
	readonly onConnect?: ConnectCallback;
	readonly onEnd?: EndCallback;
	/** @default errors go to `process.emitWarning` */
	readonly onError?: ErrorCallback;
	/** Gives up opening; later closes the pipe. */
	readonly signal?: AbortSignal;
}

/** What the environment supplies. */
export interface PipeDeps {
	/** @default the process's */
	readonly clock?: Clock;
	/** What to go out by where there is no route. @default `kernelRoute` */
	readonly kernel?: (af: 4 | 6) => PipeSockets;
	/** All addresses of a name, best first. @default `Address` of `@p2pd/address` */
	readonly resolve?: (
		host: string,
		port: number,
		sockets: PipeSockets | null,
		limits: { readonly signal: AbortSignal | undefined; readonly timeout: number },
	) => Promise<PipeAddress>;
}
