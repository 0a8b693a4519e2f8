import type { Socket as DgramSocket } from "node:dgram";
import type { EventEmitter } from "node:events";
import type { Server, Socket } from "node:net";
import { TopologyError } from "./errors.js";
import type { IpLayer } from "./ip-layer.js";
import type { Nic } from "./nic.js";
import type { TcpStack } from "./tcp/stack.js";
import { TcpServer } from "./tcp/tcp-server.js";
import { TcpSocket } from "./tcp/tcp-socket.js";
import type { ConnectOptions, Family, ListenOptions, RouteNic, SocketFactory, UdpOptions } from "./types.js";
import { UdpSocket } from "./udp-socket.js";
import type { UdpStack } from "./udp-stack.js";

/** What of a host the factory uses. */
interface SocketHost {
	readonly name: string;
	readonly ip: IpLayer;
	readonly udp: UdpStack;
	readonly tcp: TcpStack;
}

/** The sockets of a host: by one NIC and address, or as the routes choose. */
export class HostSockets implements SocketFactory {
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
		socket.bind(port, this.localIp);
		await happened(socket, "listening", signal, () => socket.close());
		if (broadcast) socket.setBroadcast(true);
		if (ttl !== undefined) socket.setTTL(ttl);
		return socket;
	}

	async connect({ ip, port, localPort = 0, reuse = false, signal }: ConnectOptions): Promise<Socket> {
		signal?.throwIfAborted();
		const socket = new TcpSocket({ stack: this.#host.tcp, nic: this.#nic, reuse });
		socket.connect({ host: ip, port, localAddress: this.localIp, localPort });
		await happened(socket, "connect", signal, () => socket.destroy());
		return socket;
	}

	async listen({ port = 0, backlog = 511, reuse = false, signal }: ListenOptions = {}): Promise<Server> {
		signal?.throwIfAborted();
		if (!(backlog > 0)) throw new RangeError("a backlog is more than 0");
		const server = new TcpServer({ stack: this.#host.tcp, nic: this.#nic, reuse });
		server.listen({ port, host: this.localIp });
		await happened(server, "listening", signal, () => server.close());
		return server;
	}
}

/** Waits for an event; an error or the signal comes out as such, after `undo`. */
function happened(
	emitter: EventEmitter,
	event: string,
	signal: AbortSignal | undefined,
	undo: () => void,
): Promise<void> {
	return new Promise((resolve, reject) => {
		const end = (): void => {
			emitter.off(event, onEvent);
			emitter.off("error", onError);
			signal?.removeEventListener("abort", onAbort);
		};
		const onEvent = (): void => {
			end();
			resolve();
		};
		const onError = (error: unknown): void => {
			end();
			reject(error);
		};
		const onAbort = (): void => {
			end();
			undo();
			reject(signal?.reason);
		};
		emitter.once(event, onEvent);
		emitter.once("error", onError);
		signal?.addEventListener("abort", onAbort);
	});
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
