import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket as TcpSocket } from "node:net";
import type { Resolver } from "@p2pd/address";
import type { Clock, Endpoint, Family, SocketFactory } from "@p2pd/net";
import type { PipeFraming } from "../framing/types.js";
import type { PipeTlsOptions } from "../tls/types.js";
import type {
	PipeConnectCallback,
	PipeEndCallback,
	PipeErrorCallback,
	PipeMessageCallback,
} from "../types.js";

/** The part of a socket factory (a bound route, a TURN relay, a host in memory) that pipes use. */
export interface PipeSockets
	extends Pick<SocketFactory, "af" | "nic" | "localIp" | "udp" | "connect" | "listen"> {}

/** A route that is not bound yet. */
export interface PipeBindableRoute {
	bind(): PipeSockets | Promise<PipeSockets>;
}

/** An object with routes, such as an `Interface`. The first route of each family is used. */
export interface PipeRouteOwner {
	route(af?: Family): PipeBindableRoute | PipeSockets;
	/** The families that it has routes for. @default both are tried */
	supported?(): readonly Family[];
}

/** What a pipe's sockets are made with; null or undefined lets the kernel choose. */
export type PipeRoute = PipeSockets | PipeBindableRoute | PipeRouteOwner | null | undefined;

/** A host that may have several addresses, such as a resolved `Address`. */
export interface PipeAddress {
	readonly host: string;
	readonly port: number;
	endpoints(af?: Family): readonly Endpoint[];
}

/** Where to connect to: an `Address`, an endpoint, `[host, port]`, or `"host:port"`. */
export type PipeDestination = PipeAddress | Endpoint | readonly [host: string, port: number] | string;

/**
 * An existing socket to use: a connected `net.Socket` or `tls.TLSSocket`, a listening `net.Server`, a bound or connected
 * `dgram.Socket`, objects with the same methods, or a descriptor.
 */
export type PipeAdoptedSocket = TcpSocket | Server | UdpSocket | { readonly fd: number };

/** Options of `pipeOpen`. Times are in milliseconds. */
export interface PipeOptions {
	/** The family, where neither the route nor the destination implies it. @default 4 */
	readonly af?: Family;
	/** Local port; 0 lets the kernel choose. @default the route's */
	readonly localPort?: number;
	/**
	 * Use this socket, which belongs to the pipe from then on. A descriptor of a TCP socket is a connection if there is
	 * a destination, and a listening socket otherwise; other sockets know what they are.
	 */
	readonly socket?: PipeAdoptedSocket;
	/** Time to connect, over all addresses of the destination. @default 2000 */
	readonly connectTimeout?: number;
	/** How long `recv` waits by default. @default 2000 */
	readonly recvTimeout?: number;
	/** Time to resolve the destination's name. @default 2000 */
	readonly dnsTimeout?: number;
	/** Time of a TLS handshake. @default 4000 */
	readonly tlsTimeout?: number;
	/** Time between the starts of two connection attempts to a destination with several addresses (RFC 8305). @default 250 */
	readonly attemptDelay?: number;
	/** How long `close` lets unsent data leave without any progress before it resets; 0 resets at once. @default 4000 */
	readonly linger?: number;
	/**
	 * SO_LINGER in whole seconds, up to 32767, of TCP sockets made by a route of `@p2pd/route`; other factories may
	 * ignore it. 0: every close resets. More: on Linux closing blocks the whole event loop. @default off
	 */
	readonly lingerSeconds?: number;
	/** The most messages in each subscription's queue. @default 1000 */
	readonly queueMessages?: number;
	/** The most bytes in each subscription's queue. @default 8 MiB */
	readonly queueBytes?: number;
	/** Bytes of unfinished sends above which `send` rejects. Each send counts as at least 512 bytes. @default 16 MiB */
	readonly sendBytes?: number;
	/**
	 * Bytes of unfinished sends above which a TCP pipe with callbacks or subscriptions stops reading until the peer
	 * has taken half of them. It slows down a peer that asks faster than it reads the answers. Counted as in
	 * `sendBytes`. @default 1 MiB on a server's connections, Infinity on a client
	 */
	readonly pauseBytes?: number;
	/** Bytes on their way to a relay's target above which its source waits (TCP) or drops (UDP). @default 1 MiB */
	readonly relayBytes?: number;
	/** Leading bytes of a message that patterns see. @default 65536 */
	readonly patternBytes?: number;
	/** Time of one pattern test above which it is reported as an error. @default 50 */
	readonly patternSlow?: number;
	/** Drop a message that the same sender sent among its last so many (`true`: 1000). @default off */
	readonly dedupe?: boolean | number;
	/** SO_REUSEADDR and SO_REUSEPORT. @default false */
	readonly reuse?: boolean;
	/** SO_BROADCAST on UDP. @default false */
	readonly broadcast?: boolean;
	/** TCP keep-alive; a number is the idle time before the first probe, at least 1000. @default off */
	readonly keepAlive?: boolean | number;
	/** TCP_NODELAY. @default true */
	readonly noDelay?: boolean;
	/** Keep sending after the peer has finished. @default false: the pipe closes then */
	readonly halfOpen?: boolean;
	/** UDP client: accept datagrams from anyone. @default false */
	readonly anySource?: boolean;
	/** Connections that may wait in the kernel. @default 511 */
	readonly backlog?: number;
	/** Connections that may wait for `accept()`. @default 511 */
	readonly acceptQueue?: number;
	/**
	 * The most connections that a server has at once. TLS handshakes are limited separately.
	 * @default what the process's limit of descriptors allows, less a reserve
	 */
	readonly maxConnections?: number;
	/** Split a TCP stream into messages. @default off: data is passed on as it arrives */
	readonly framing?: PipeFraming;
	/** TLS over TCP. `true` verifies the peer and sets nothing else. A server needs `cert` and `key`. */
	readonly tls?: boolean | PipeTlsOptions;
	/** The first message callback, added before anything can arrive. */
	readonly onMessage?: PipeMessageCallback;
	readonly onConnect?: PipeConnectCallback;
	readonly onEnd?: PipeEndCallback;
	/** @default errors go to `process.emitWarning` */
	readonly onError?: PipeErrorCallback;
	/** Stops opening; later, closes the pipe. */
	readonly signal?: AbortSignal;
}

/** What the environment supplies. */
export interface PipeDeps {
	/** @default the process's own */
	readonly clock?: Clock;
	/** The sockets used where there is no route. @default `kernelRoute` of `@p2pd/route` */
	readonly kernel?: (af: Family) => PipeSockets;
	/** Turns a name into addresses. @default `resolveHost` of `@p2pd/address` */
	readonly resolve?: Resolver;
}
