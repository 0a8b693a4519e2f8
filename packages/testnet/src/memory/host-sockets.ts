import type { Socket as DgramSocket } from "node:dgram";
import { TopologyError } from "./errors.js";
import type { IpLayer } from "./ip-layer.js";
import type { Nic } from "./nic.js";
import type { Family, RouteNic, UdpOptions } from "./types.js";
import { UdpSocket } from "./udp-socket.js";
import type { UdpStack } from "./udp-stack.js";

/** What of a host the factory uses. */
interface SocketHost {
	readonly name: string;
	readonly ip: IpLayer;
	readonly udp: UdpStack;
}

/** The sockets of a host: by one NIC and address, or as the routes choose. */
export class HostSockets {
	readonly af: Family;
	readonly nic: RouteNic | null;
	readonly localIp: string;
	readonly #host: SocketHost;
	readonly #nic: Nic | null;

	/** @throws TopologyError when the NIC has no address of the family */
	constructor(host: SocketHost, af: Family, nic: Nic | null, ip: string | null) {
		this.#host = host;
		this.#nic = nic;
		this.af = af;
		this.nic = nic === null ? null : describeNic(host.ip, nic);
		this.localIp = ip ?? (nic === null ? (af === 4 ? "0.0.0.0" : "::") : firstAddress(host, nic, af));
	}

	async udp(options: UdpOptions = {}): Promise<DgramSocket> {
		const { port = 0, reuse = false, broadcast = false, ttl, signal } = options;
		signal?.throwIfAborted();
		const socket = new UdpSocket({ stack: this.#host.udp, af: this.af, nic: this.#nic, reuse });
		await new Promise<void>((resolve, reject) => {
			socket.once("listening", resolve);
			socket.once("error", reject);
			socket.bind(port, this.localIp);
		});
		socket.removeAllListeners("error");
		if (signal?.aborted) {
			socket.close();
			signal.throwIfAborted();
		}
		if (broadcast) socket.setBroadcast(true);
		if (ttl !== undefined) socket.setTTL(ttl);
		return socket;
	}
}

function describeNic(ip: IpLayer, nic: Nic): RouteNic {
	return { name: nic.name, index: nic.index, isDefault: (af) => ip.routes.defaultNic(af) === nic };
}

function firstAddress(host: SocketHost, nic: Nic, af: Family): string {
	const all = nic.ips(af).map(({ ip }) => ip.text);
	const first = all.find((text) => !text.startsWith("fe80:")) ?? all[0];
	if (first === undefined) throw new TopologyError(host.name, `${nic.name} has no IPv${af} address`);
	return host.ip.withZone(first, nic);
}
