import type { Fabric } from "./fabric.js";
import { HostSockets } from "./host-sockets.js";
import { IpLayer } from "./ip-layer.js";
import type { Nic, NicOwner } from "./nic.js";
import type { Packet } from "./packet.js";
import type { SeededRandom } from "./seeded-random.js";
import { serve } from "./services.js";
import { TcpStack } from "./tcp/stack.js";
import type { DatagramHandler, Family, HostPort, SocketFactory } from "./types.js";
import { UdpSocket } from "./udp-socket.js";
import { UdpStack } from "./udp-stack.js";

/** A machine: NICs, routes, sockets and services. */
export class Host implements NicOwner {
	readonly name: string;
	readonly takesBroadcasts = true;
	readonly ip: IpLayer;
	readonly udp: UdpStack;
	readonly tcp: TcpStack;

	constructor(name: string, fabric: Fabric, random: SeededRandom) {
		this.name = name;
		this.ip = new IpLayer(name, fabric, (packet, nic) => this.receive(packet, nic));
		this.udp = new UdpStack(this.ip, random.fork("udp"));
		this.tcp = new TcpStack(this.ip, random.fork("tcp"));
	}

	/**
	 * Sockets of one family.
	 * @param nic bound to this NIC, and to its first address of the family. @default the routes choose
	 * @param ip bound to this address instead; link-local ones need the NIC
	 * @throws TopologyError when the host has no such NIC, or the NIC no address of the family
	 */
	sockets(af: Family, nic?: string, ip?: string): SocketFactory {
		return new HostSockets(this, af, nic === undefined ? null : this.ip.nic(nic), ip ?? null);
	}

	/** A socket as `dgram.createSocket` makes it: not bound. */
	createSocket(
		type: "udp4" | "udp6",
		options: { readonly reuseAddr?: boolean; readonly nic?: string } = {},
	): UdpSocket {
		const { reuseAddr = false, nic } = options;
		const bound = nic === undefined ? null : this.ip.nic(nic);
		return new UdpSocket({ stack: this.udp, af: type === "udp4" ? 4 : 6, nic: bound, reuse: reuseAddr });
	}

	/**
	 * Runs a server on some of the host's UDP addresses.
	 * @returns what stops it
	 * @throws SystemError `EADDRINUSE`, `EADDRNOTAVAIL`
	 */
	serve(endpoints: readonly HostPort[], handler: DatagramHandler): () => void {
		return serve(this.udp, endpoints, handler);
	}

	/** Takes a packet from a NIC, or from the host itself (null). */
	receive(packet: Packet, nic: Nic | null): void {
		if (!this.ip.isOwn(packet.dst) && !this.ip.isBroadcast(packet.dst)) {
			this.ip.fabric.report("dropped", this.name, packet, "not-for-us");
		} else if (packet.proto === "udp") {
			this.udp.receive(packet, nic);
		} else if (packet.proto === "icmp") {
			this.ip.fabric.report("received", this.name, packet);
			if (packet.about.proto === "udp") this.udp.unreachable(packet, nic);
		} else {
			this.tcp.receive(packet, nic);
		}
	}
}
