import type { Socket as DatagramSocket } from "node:dgram";
import type { Server, Socket as TcpSocket } from "node:net";
import type { Family } from "./family.js";

/** The part of a network interface that sockets are made with. `Interface` of `@p2pd/netif` has this shape. */
export interface NicRef {
	/** The operating system's name of the NIC, as in `ip link` (`eth0`, `en0`, `Ethernet 2`). */
	readonly name: string;
	/** The operating system's index of it, or null where that is not known. */
	readonly index: number | null;
	/** Whether the kernel's default route of that family leaves by this NIC. */
	isDefault(af: Family): boolean;
}

/** What every kind of socket can be given. */
export interface SocketOptions {
	/**
	 * Let other sockets that ask for it too use the same local address and port (SO_REUSEADDR and SO_REUSEPORT), as
	 * hole punching needs. @default false
	 */
	readonly reuse?: boolean;
	/** Time to live, or hop limit in IPv6, of what the socket sends: 1 to 255. @default the system's */
	readonly ttl?: number;
	/** Stops the making of the socket. A socket that was made belongs to the caller, who closes it. */
	readonly signal?: AbortSignal;
}

/** Options of {@link SocketFactory.udp}. */
export interface UdpOptions extends SocketOptions {
	/** Local port; 0 lets the kernel choose. @default the port that the factory is bound to, else 0 */
	readonly port?: number;
	/** Allow sending to broadcast addresses (IPv4). @default false */
	readonly broadcast?: boolean;
	/** On an any-address, receive IPv6 only and no IPv4-mapped traffic. IPv6 only. @default true */
	readonly v6only?: boolean;
	/**
	 * The only address that the socket will send to, if there is one. Loopback cannot be reached from another device,
	 * nor a link-local address from a global one, so the socket's own address is chosen to suit.
	 */
	readonly to?: string;
}

/** Options of {@link SocketFactory.connect}. */
export interface ConnectOptions extends SocketOptions {
	/** Destination: an IP literal of the factory's family, with `%zone` if it is link-local. */
	readonly ip: string;
	/** Destination port, 1 to 65535. */
	readonly port: number;
	/** Local port; 0 lets the kernel choose. @default the port that the factory is bound to, else 0 */
	readonly localPort?: number;
	/**
	 * SO_LINGER, in whole seconds. 0: closing resets the connection and drops what was not sent. More: on Linux the
	 * call that closes waits that long for the peer, and the whole event loop with it. @default off
	 */
	readonly lingerSeconds?: number;
}

/** Options of {@link SocketFactory.listen}. */
export interface ListenOptions extends SocketOptions {
	/** Local port; 0 lets the kernel choose. @default the port that the factory is bound to, else 0 */
	readonly port?: number;
	/** Connections that may wait to be accepted. @default Node's, 511 */
	readonly backlog?: number;
	/** On an any-address, accept IPv6 only and no IPv4-mapped connections. IPv6 only. @default true */
	readonly v6only?: boolean;
	/** SO_LINGER of each accepted connection, in whole seconds; see {@link ConnectOptions}. @default off */
	readonly lingerSeconds?: number;
}

/**
 * Where sockets come from: one family, one NIC (or the kernel's choice) and one local address. Most factories are
 * plans that hold no descriptor: a bound route, the kernel's own choice, a host of the in-memory network. A TURN
 * relay is a factory too, but it owns an allocation and must be closed. Every socket belongs to the caller.
 */
export interface SocketFactory {
	readonly af: Family;
	/** The NIC that the sockets use; null where the kernel chooses. */
	readonly nic: NicRef | null;
	/** What sockets are bound to: canonical text, with a zone if link-local; `0.0.0.0` or `::` where the kernel chooses. */
	readonly localIp: string;
	/** The sockets through which names are resolved for these: a relay's are those that lead to it. @default these */
	readonly nameSockets?: SocketFactory;
	/** Makes a bound UDP socket. */
	udp(options?: UdpOptions): Promise<DatagramSocket>;
	/** Makes a connected TCP socket. */
	connect(options: ConnectOptions): Promise<TcpSocket>;
	/** Makes a listening TCP server. */
	listen(options?: ListenOptions): Promise<Server>;
}

/** Where a datagram came from, as Node tells it. */
export interface Sender {
	readonly address: string;
	readonly port: number;
}

/** The part of Node's `dgram.Socket` that protocols on datagrams need. The socket is bound already. */
export interface UdpSocket {
	address(): Sender;
	send(data: Uint8Array, port: number, ip: string, callback: (error: Error | null) => void): void;
	/** For a connected socket. */
	send(data: Uint8Array, callback: (error: Error | null) => void): void;
	close(callback?: () => void): unknown;
	on(event: "message", listener: (data: Buffer, from: Sender) => void): unknown;
	on(event: "error", listener: (error: Error) => void): unknown;
	on(event: "close", listener: () => void): unknown;
	off(event: "message", listener: (data: Buffer, from: Sender) => void): unknown;
	off(event: "error", listener: (error: Error) => void): unknown;
	off(event: "close", listener: () => void): unknown;
}

/** The part of Node's `net.Socket` (and `tls.TLSSocket`) that protocols on streams need. It is connected already. */
export interface StreamSocket {
	readonly localAddress?: string | undefined;
	readonly localPort?: number | undefined;
	write(data: Uint8Array): unknown;
	destroy(error?: Error): unknown;
	on(event: "data", listener: (data: Buffer) => void): unknown;
	on(event: "error", listener: (error: Error) => void): unknown;
	on(event: "close", listener: () => void): unknown;
	off(event: "data", listener: (data: Buffer) => void): unknown;
	off(event: "error", listener: (error: Error) => void): unknown;
	off(event: "close", listener: () => void): unknown;
}

/** The part of a {@link SocketFactory} that protocols on UDP need. */
export interface UdpSockets {
	readonly af: Family;
	udp(options?: {
		readonly port?: number;
		readonly to?: string;
		readonly signal?: AbortSignal;
	}): Promise<UdpSocket>;
}

/** The part of a {@link SocketFactory} that protocols on TCP and TLS need. */
export interface StreamSockets {
	readonly af: Family;
	connect(options: {
		readonly ip: string;
		readonly port: number;
		readonly localPort?: number;
		readonly reuse?: boolean;
		readonly signal?: AbortSignal;
	}): Promise<StreamSocket>;
}
