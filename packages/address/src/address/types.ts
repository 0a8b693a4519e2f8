import type { Socket as UdpSocket } from "node:dgram";
import type { Socket as TcpSocket } from "node:net";
import type { Family, HostPort } from "../types.js";

/** What a lookup needs of a datagram socket. */
export type DnsUdpSocket = Pick<UdpSocket, "send" | "on" | "off" | "close">;
/** What a lookup needs of a stream socket. */
export type DnsTcpSocket = Pick<TcpSocket, "write" | "on" | "off" | "destroy">;

/** What `res()` needs of a route; a BoundRoute of @p2pd/route is one, and so is any socket factory. */
export interface AddressRoute {
	readonly af: Family;
	/** The NIC, whose name is the zone of a link-local destination; null where the kernel chooses it. */
	readonly nic: { readonly name: string; readonly index?: number | null } | null;
	/** The address that sockets are bound to, which decides the order of destinations; the any-address if none is. */
	readonly localIp: string;
	udp(options?: { readonly port?: number; readonly signal?: AbortSignal }): Promise<DnsUdpSocket>;
	connect(options: {
		readonly ip: string;
		readonly port: number;
		readonly localPort?: number;
		readonly signal?: AbortSignal;
	}): Promise<DnsTcpSocket>;
}

/** One address to connect to. */
export interface Endpoint extends HostPort {
	readonly af: Family;
	/** RFC 1918 or unique-local. */
	readonly isPrivate: boolean;
	/** Globally routable unicast. */
	readonly isPublic: boolean;
	readonly isLoopback: boolean;
}
