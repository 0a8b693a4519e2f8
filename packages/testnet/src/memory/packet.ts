import { DEFAULT_TTL } from "./defaults.js";
import type { Family } from "./types.js";

interface Base {
	readonly af: Family;
	/** Canonical, without zone. */
	readonly src: string;
	readonly srcPort: number;
	readonly dst: string;
	readonly dstPort: number;
	/** Routers that it may still cross. */
	readonly ttl: number;
}

/** A UDP datagram. */
export interface UdpPacket extends Base {
	readonly proto: "udp";
	readonly data: Uint8Array;
}

/** A TCP segment. Numbers count bytes from 0, SYN and FIN one each; the rest is as in RFC 9293. */
export interface TcpPacket extends Base {
	readonly proto: "tcp";
	readonly syn: boolean;
	readonly fin: boolean;
	readonly rst: boolean;
	/** The next byte that the sender of this segment expects, or null before it has seen a SYN. */
	readonly ack: number | null;
	readonly seq: number;
	/** Bytes that the sender of this segment can still take. */
	readonly window: number;
	readonly data: Uint8Array;
}

/** Destination unreachable, port unreachable (ICMP and ICMPv6 alike); ports of its own are 0. */
export interface IcmpPacket extends Base {
	readonly proto: "icmp";
	/** The packet that found no socket, as it arrived. */
	readonly about: UdpPacket | TcpPacket;
}

/** What travels in the in-memory network. Never changed once made. */
export type Packet = UdpPacket | TcpPacket | IcmpPacket;

/** What has ports, and so what a NAT keeps a mapping for. */
export type PortedPacket = UdpPacket | TcpPacket;

/** Why a packet was thrown away. */
export type DropReason =
	| "link-loss"
	| "no-such-host"
	| "no-route"
	| "not-for-us"
	| "no-socket"
	| "ttl"
	| "udp-blocked"
	| "no-mapping"
	| "filtered"
	| "no-free-port"
	| "binding-rate"
	| "no-hairpin"
	| "not-translatable";

/** Something that happened to a packet. */
export interface PacketEvent {
	/** Virtual ms. */
	readonly at: number;
	/** Name of the host or gateway, or of the link (`host:nic`). */
	readonly where: string;
	readonly what: "sent" | "received" | "forwarded" | "dropped";
	/** Only when dropped. */
	readonly why?: DropReason;
	/** As it was then and there, so a NAT's work can be seen. */
	readonly packet: Packet;
}

/** The reset that answers a segment for which there is no connection (RFC 9293 section 3.10.7.1). */
export function resetFor(packet: TcpPacket): TcpPacket {
	const length = packet.data.length + (packet.syn ? 1 : 0) + (packet.fin ? 1 : 0);
	return {
		proto: "tcp",
		af: packet.af,
		src: packet.dst,
		srcPort: packet.dstPort,
		dst: packet.src,
		dstPort: packet.srcPort,
		ttl: DEFAULT_TTL,
		syn: false,
		fin: false,
		rst: true,
		seq: packet.ack ?? 0,
		ack: packet.seq + length,
		window: 0,
		data: new Uint8Array(0),
	};
}

/** The answer of a host without a socket for a packet: port unreachable. */
export function portUnreachable(about: UdpPacket | TcpPacket, ttl: number): IcmpPacket {
	return {
		proto: "icmp",
		af: about.af,
		src: about.dst,
		srcPort: 0,
		dst: about.src,
		dstPort: 0,
		ttl,
		about,
	};
}

/** The packet with another source address; in an ICMP error also inside the packet that it is about. */
export function moveSource(packet: Packet, ip: string): Packet {
	if (packet.proto === "icmp") return { ...packet, src: ip, about: { ...packet.about, dst: ip } };
	return { ...packet, src: ip };
}

/** The packet with another destination address; in an ICMP error also inside the packet that it is about. */
export function moveDestination(packet: Packet, ip: string): Packet {
	if (packet.proto === "icmp") return { ...packet, dst: ip, about: { ...packet.about, src: ip } };
	return { ...packet, dst: ip };
}
