import type { Socket as DgramSocket } from "node:dgram";
import type { Server, Socket } from "node:net";

/** Node's own numbers for the address families. */
export type Family = 4 | 6;

/** Time as the code under test sees it. */
export interface Clock {
	/** Milliseconds, monotonic. */
	now(): number;
	/** Runs `fn` once, `ms` from now; the handle is for `clearTimeout`. */
	setTimeout(fn: () => void, ms: number): unknown;
	clearTimeout(handle: unknown): void;
}

/** Random bytes, `size` of them. */
export type Random = (size: number) => Uint8Array;

/** An address in canonical text and a port. */
export interface HostPort {
	readonly ip: string;
	readonly port: number;
}

/** A datagram that a server sends because of one that it received. */
export interface Reply {
	readonly data: Uint8Array;
	/** @default the sender of the request */
	readonly to?: HostPort;
	/** Which address it comes from; need not be one of the server's own. @default where the request arrived */
	readonly from?: HostPort;
	/** How long the server waits before it sends, ms. @default 0 */
	readonly afterMs?: number;
}

/** A server without state of the network's: what it answers to a datagram from `from` that arrived at `localTo`. */
export type DatagramHandler = (data: Uint8Array, from: HostPort, localTo: HostPort) => readonly Reply[];

/** The NIC of a socket factory. */
export interface RouteNic {
	readonly name: string;
	readonly index: number | null;
	/** Whether the host's default route of that family leaves by this NIC. */
	isDefault(af: Family): boolean;
}

/** Options of a UDP socket that a factory makes. */
export interface UdpOptions {
	/** 0 or nothing: a free one. */
	readonly port?: number;
	/** Whether another socket may hold the same address and port. @default false */
	readonly reuse?: boolean;
	/** @default false */
	readonly broadcast?: boolean;
	/** @default 64 */
	readonly ttl?: number;
	/** Aborts the making of the socket, not the socket. */
	readonly signal?: AbortSignal;
}

/** Options of a TCP connection that a factory makes. */
export interface ConnectOptions {
	readonly ip: string;
	readonly port: number;
	/** 0 or nothing: a free one. */
	readonly localPort?: number;
	readonly reuse?: boolean;
	readonly signal?: AbortSignal;
}

/** Options of a TCP server that a factory makes. */
export interface ListenOptions {
	readonly port?: number;
	/** Connections that may wait to be accepted. The in-memory server accepts at once, so it only has to be positive. */
	readonly backlog?: number;
	readonly reuse?: boolean;
	readonly signal?: AbortSignal;
}

/** Makes sockets that leave by one NIC and source address, or by whatever the host chooses. */
export interface SocketFactory {
	readonly af: Family;
	/** Null: the host's routes choose. */
	readonly nic: RouteNic | null;
	/** What the sockets are bound to; "0.0.0.0" or "::" when the routes choose. */
	readonly localIp: string;
	/** @throws SystemError `EADDRINUSE`, `EADDRNOTAVAIL`; the signal's reason */
	udp(options?: UdpOptions): Promise<DgramSocket>;
	/** @throws SystemError `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `ECONNRESET`, `EADDRINUSE`; the signal's reason */
	connect(options: ConnectOptions): Promise<Socket>;
	/** @throws SystemError `EADDRINUSE`, `EADDRNOTAVAIL`; the signal's reason */
	listen(options?: ListenOptions): Promise<Server>;
}
