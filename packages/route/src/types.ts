import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket as TcpSocket } from "node:net";
import type { Family } from "@p2pd/address";

/**
 * A NIC as a route needs to know it: the small part of a network interface that sockets are made with.
 * Above this package, `Interface` has this shape.
 */
export interface RouteNic {
	/** The name that the OS has for it, as in `ip link` (`eth0`, `en0`, `Ethernet 2`). */
	readonly name: string;
	/** The OS's index of it, where it is known. */
	readonly index: number | null;
	/** Whether the kernel sends by this NIC what has no better route. */
	isDefault(af: Family): boolean;
}

/**
 * How a socket is tied to its NIC. `"device"`: to the device itself, so that every packet leaves and arrives
 * by it. `"source-address"`: by its source address alone, so that the kernel's routing table picks the device.
 */
export type DeviceBinding = "device" | "source-address";

/** What every kind of socket can be given. */
export interface SocketOptions {
	/**
	 * Let other sockets that ask for it too have the same address and port (SO_REUSEADDR and SO_REUSEPORT), as
	 * hole punching needs. @default false
	 */
	readonly reuse?: boolean;
	/** Time to live, or hop limit in IPv6, of what the socket sends: 1 to 255. @default the system's */
	readonly ttl?: number;
	/** Stops the making of the socket; a socket that was made is the caller's to close. */
	readonly signal?: AbortSignal;
}

/** Options of {@link SocketFactory.udp}. */
export interface UdpOptions extends SocketOptions {
	/** Local port; 0 lets the kernel choose. @default the port that the route was bound to, else 0 */
	readonly port?: number;
	/** Allow sending to broadcast addresses (IPv4). @default false */
	readonly broadcast?: boolean;
	/** IPv6 alone on an any-address; IPv4-mapped traffic stays out. Only for IPv6. @default true */
	readonly v6only?: boolean;
	/**
	 * The one address that the socket is for, if there is one. The loopback cannot be reached from another
	 * device, nor a link-local address from a global one: the socket's own address is chosen to suit.
	 */
	readonly to?: string;
}

/** Options of {@link SocketFactory.connect}. */
export interface ConnectOptions extends SocketOptions {
	/** Where to: an IP literal of the factory's family, with `%zone` if it is link-local. */
	readonly ip: string;
	/** Destination port, 1 to 65535. */
	readonly port: number;
	/** Local port; 0 lets the kernel choose. @default the port that the route was bound to, else 0 */
	readonly localPort?: number;
	/**
	 * SO_LINGER, in whole seconds. 0: closing resets the connection and drops what was not sent. More: on Linux
	 * the closing call itself waits that long for the peer, and the whole event loop with it. @default off
	 */
	readonly lingerSeconds?: number;
}

/** Options of {@link SocketFactory.listen}. */
export interface ListenOptions extends SocketOptions {
	/** Local port; 0 lets the kernel choose. @default the port that the route was bound to, else 0 */
	readonly port?: number;
	/** Connections that may wait to be accepted. @default Node's, 511 */
	readonly backlog?: number;
	/** IPv6 alone on an any-address; IPv4-mapped connections stay out. Only for IPv6. @default true */
	readonly v6only?: boolean;
	/** SO_LINGER of each accepted connection, in whole seconds; see {@link ConnectOptions}. @default off */
	readonly lingerSeconds?: number;
}

/**
 * Where sockets come from: one family, one NIC (or the kernel's choice), one address. A plan that holds no
 * descriptor; each socket that it makes belongs to the caller. Bound routes, {@link kernelRoute} and
 * {@link sourceRoute} are factories, and so is a host of the in-memory test network.
 */
export interface SocketFactory {
	readonly af: Family;
	/** The NIC that the sockets are on; null where the kernel chooses. */
	readonly nic: RouteNic | null;
	/** What sockets are bound to: canonical text, with a zone if link-local; `0.0.0.0` or `::` where the kernel chooses. */
	readonly localIp: string;
	/** A bound UDP socket. */
	udp(options?: UdpOptions): Promise<UdpSocket>;
	/** A connected TCP socket. */
	connect(options: ConnectOptions): Promise<TcpSocket>;
	/** A listening TCP server. */
	listen(options?: ListenOptions): Promise<Server>;
}

/** What `route.bind()` takes. */
export interface BindOptions {
	/** The port of sockets that are not told another; 0 gives each one of its own. @default 0 */
	readonly port?: number;
	/**
	 * The address, in place of the route's own: an IP (with `%zone` if link-local), `"*"` or an any-address for
	 * every address, or `"localhost"` for the loopback. @default the route's own
	 */
	readonly ips?: string;
	/** Refuse sockets that are not bound to the device. @default false */
	readonly strict?: boolean;
}

/** One address of a NIC, as the OS lists it: `{ ip: "192.168.0.20", cidr: 24 }`. */
export interface SourceAddress {
	readonly ip: string;
	/** Prefix length. */
	readonly cidr: number;
}
