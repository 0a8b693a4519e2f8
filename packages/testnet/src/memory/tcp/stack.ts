import { EPHEMERAL_PORTS } from "../defaults.js";
import { SystemError } from "../errors.js";
import type { IpLayer } from "../ip-layer.js";
import type { Nic } from "../nic.js";
import { resetFor, type TcpPacket } from "../packet.js";
import { isAny, type PortHolder, PortTable } from "../port-table.js";
import type { SeededRandom } from "../seeded-random.js";
import type { Family, HostPort } from "../types.js";
import { TcpConnection } from "./connection.js";

/** A local address and port that is asked for. */
export interface TcpClaim {
	readonly af: Family;
	readonly localIp: string;
	/** 0: any free one. */
	readonly port: number;
	readonly nic: Nic | null;
	readonly reuse: boolean;
}

/** Somebody who accepts connections. */
interface Listener extends PortHolder {
	/** Takes a new connection, which is to be answered. */
	accept(connection: TcpConnection, syn: TcpPacket): void;
}

const connectionKey = (local: HostPort, remote: HostPort): string =>
	`${local.ip}|${local.port}|${remote.ip}|${remote.port}`;

/** The TCP of one host: its ports, its connections, and the way from segments to them. */
export class TcpStack {
	readonly ip: IpLayer;
	readonly #random: SeededRandom;
	readonly #claims: Readonly<Record<Family, PortTable<PortHolder>>> = {
		4: new PortTable(),
		6: new PortTable(),
	};
	readonly #listeners: Readonly<Record<Family, PortTable<Listener>>> = {
		4: new PortTable(),
		6: new PortTable(),
	};
	readonly #connections = new Map<string, TcpConnection>();

	constructor(ip: IpLayer, random: SeededRandom) {
		this.ip = ip;
		this.#random = random;
	}

	/** How many connections there are, half-open ones included. */
	get connectionCount(): number {
		return this.#connections.size;
	}

	/**
	 * Listens.
	 * @returns the port, and what ends it
	 * @throws SystemError `EADDRINUSE`, `EADDRNOTAVAIL`
	 */
	listen(claim: TcpClaim, accept: Listener["accept"]): { readonly port: number; readonly close: () => void } {
		const { af, localIp, nic, reuse } = claim;
		const localPort = this.#free(claim, "listen");
		const listener: Listener = { localIp, localPort, nic, reuse, remote: null, accept };
		this.#claims[af].add(listener);
		this.#listeners[af].add(listener);
		return {
			port: localPort,
			close: () => {
				this.#claims[af].remove(listener);
				this.#listeners[af].remove(listener);
			},
		};
	}

	/**
	 * Makes a connection that is yet to be opened.
	 * @throws SystemError `EADDRINUSE`, `EADDRNOTAVAIL`, `ENETUNREACH`
	 */
	connection(claim: TcpClaim, remote: HostPort): TcpConnection {
		const { af, nic, reuse } = claim;
		const ip = isAny(claim.localIp) ? this.ip.sourceFor(remote.ip, nic) : claim.localIp;
		const localPort = this.#free({ ...claim, localIp: ip }, "bind");
		const local = { ip, port: localPort };
		if (this.#connections.has(connectionKey(local, remote))) {
			throw new SystemError("EADDRNOTAVAIL", "connect", remote.ip, remote.port);
		}
		const holder: PortHolder = { localIp: ip, localPort, nic, reuse, remote };
		this.#claims[af].add(holder);
		return this.#make(af, local, remote, nic, () => this.#claims[af].remove(holder));
	}

	receive(packet: TcpPacket, nic: Nic | null): void {
		const { fabric, name } = this.ip;
		const local = { ip: packet.dst, port: packet.dstPort };
		const remote = { ip: packet.src, port: packet.srcPort };
		const known = this.#connections.get(connectionKey(local, remote));
		if (known !== undefined) {
			fabric.report("received", name, packet);
			known.receive(packet);
			return;
		}
		const listener = this.#listeners[packet.af].find(local.ip, local.port, remote, nic);
		if (listener !== null && packet.syn && packet.ack === null && !packet.rst) {
			fabric.report("received", name, packet);
			listener.accept(
				this.#make(packet.af, local, remote, listener.nic, () => undefined),
				packet,
			);
		} else {
			fabric.report("dropped", name, packet, "no-socket");
			if (!packet.rst) this.ip.output(resetFor(packet), nic);
		}
	}

	#free({ af, localIp, port, nic, reuse }: TcpClaim, syscall: string): number {
		if (!isAny(localIp) && !this.ip.isOwn(localIp))
			throw new SystemError("EADDRNOTAVAIL", syscall, localIp, port);
		const table = this.#claims[af];
		const localPort =
			port === 0 ? table.pick({ localIp, nic, reuse: false }, EPHEMERAL_PORTS, this.#random) : port;
		if (localPort === null || !table.isFree({ localIp, localPort, nic, reuse })) {
			throw new SystemError("EADDRINUSE", syscall, localIp, port);
		}
		return localPort;
	}

	#make(af: Family, local: HostPort, remote: HostPort, nic: Nic | null, freed: () => void): TcpConnection {
		const key = connectionKey(local, remote);
		const connection = new TcpConnection({
			af,
			local,
			remote,
			clock: this.ip.fabric.clock,
			output: (packet) => this.ip.output(packet, nic),
			done: () => {
				this.#connections.delete(key);
				freed();
			},
		});
		this.#connections.set(key, connection);
		return connection;
	}
}
