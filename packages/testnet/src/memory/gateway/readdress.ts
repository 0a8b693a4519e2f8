import type { Packet } from "../packet.js";

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
