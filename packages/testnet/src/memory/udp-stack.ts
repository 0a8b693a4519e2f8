import { DEFAULT_TTL, EPHEMERAL_PORTS } from "./defaults.js";
import { SystemError } from "./errors.js";
import type { IpLayer } from "./ip-layer.js";
import type { Nic } from "./nic.js";
import { type IcmpPacket, portUnreachable, type UdpPacket } from "./packet.js";
import { isAny, type PortHolder, PortTable } from "./port-table.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Family, HostPort } from "./types.js";

/** What takes datagrams on a host: a socket, or a service. */
export interface UdpEndpoint extends PortHolder {
	receive(packet: UdpPacket, nic: Nic | null): void;
	/** A datagram of its own met no socket at `remote`. */
	refused(remote: HostPort): void;
}

/** What is asked of `claim`. */
export interface UdpClaim {
	readonly af: Family;
	readonly localIp: string;
	/** 0: any free one. */
	readonly port: number;
	readonly nic: Nic | null;
	readonly reuse: boolean;
}

/** The UDP of one host: its ports, and the way from packets to sockets. */
export class UdpStack {
	readonly ip: IpLayer;
	readonly #random: SeededRandom;
	readonly #tables: Readonly<Record<Family, PortTable<UdpEndpoint>>> = {
		4: new PortTable(),
		6: new PortTable(),
	};

	constructor(ip: IpLayer, random: SeededRandom) {
		this.ip = ip;
		this.#random = random;
	}

	/** The port that a claim gets. @throws SystemError `EADDRINUSE`, `EADDRNOTAVAIL` */
	claim({ af, localIp, port, nic, reuse }: UdpClaim): number {
		if (!isAny(localIp) && !this.ip.isOwn(localIp)) {
			throw new SystemError("EADDRNOTAVAIL", "bind", localIp, port);
		}
		const table = this.#tables[af];
		const localPort = port === 0 ? table.pick({ localIp, nic, reuse }, EPHEMERAL_PORTS, this.#random) : port;
		if (localPort === null || !table.isFree({ localIp, localPort, nic, reuse })) {
			throw new SystemError("EADDRINUSE", "bind", localIp, port);
		}
		return localPort;
	}

	add(af: Family, endpoint: UdpEndpoint): void {
		this.#tables[af].add(endpoint);
	}

	remove(af: Family, endpoint: UdpEndpoint): void {
		this.#tables[af].remove(endpoint);
	}

	/** Sends a datagram from any address and port. @throws SystemError `ENETUNREACH` */
	send(
		from: HostPort,
		to: HostPort,
		data: Uint8Array,
		nic: Nic | null = null,
		ttl: number = DEFAULT_TTL,
	): void {
		const af = to.ip.includes(":") ? 6 : 4;
		const packet: UdpPacket = {
			proto: "udp",
			af,
			src: from.ip,
			srcPort: from.port,
			dst: to.ip,
			dstPort: to.port,
			ttl,
			data,
		};
		this.ip.output(packet, nic);
	}

	receive(packet: UdpPacket, nic: Nic | null): void {
		const { fabric, name } = this.ip;
		const from = { ip: packet.src, port: packet.srcPort };
		const endpoint = this.#tables[packet.af].find(packet.dst, packet.dstPort, from, nic);
		if (endpoint !== null) {
			fabric.report("received", name, packet);
			endpoint.receive(packet, nic);
			return;
		}
		fabric.report("dropped", name, packet, "no-socket");
		if (this.ip.isOwn(packet.dst)) this.ip.output(portUnreachable(packet, DEFAULT_TTL), nic);
	}

	/** Port unreachable, about a datagram that this host sent. */
	unreachable({ af, about }: IcmpPacket, nic: Nic | null): void {
		const remote = { ip: about.dst, port: about.dstPort };
		this.#tables[af].find(about.src, about.srcPort, remote, nic)?.refused(remote);
	}
}
