import { MAX_UDP_PAYLOAD } from "./defaults.js";
import { SystemError } from "./errors.js";
import { isLinkLocal6 } from "./ip-layer.js";
import type { Nic } from "./nic.js";
import { isAny } from "./port-table.js";
import type { Family, HostPort } from "./types.js";
import type { UdpEndpoint, UdpStack } from "./udp-stack.js";

/** What a binding is made with. */
export interface UdpBindingParts {
	readonly stack: UdpStack;
	readonly af: Family;
	/** Leaves and listens by this NIC only. */
	readonly nic: Nic | null;
	readonly reuse: boolean;
	readonly receive: UdpEndpoint["receive"];
	readonly refused: UdpEndpoint["refused"];
}

/** An address, and the NIC that its zone names. */
interface Zoned {
	readonly ip: string;
	readonly nic: Nic | null;
}

/** What the kernel keeps for one UDP socket: its address and port, its peer, and what they do to packets. */
export class UdpBinding {
	readonly #parts: UdpBindingParts;
	#bound: { readonly ip: string; readonly port: number; readonly nic: Nic | null } | null = null;
	#endpoint: UdpEndpoint | null = null;

	constructor(parts: UdpBindingParts) {
		this.#parts = parts;
	}

	/** Where it is bound now; null before `bind` and after `close`. The port is 0 if `disconnect` took it. */
	get endpoint(): UdpEndpoint | null {
		return this.#endpoint;
	}

	get remote(): HostPort | null {
		return this.#endpoint?.remote ?? null;
	}

	/** @throws SystemError `EINVAL`, `EADDRINUSE`, `EADDRNOTAVAIL`, `ENETUNREACH` */
	bind(address: string, port: number): void {
		const { stack, af, reuse } = this.#parts;
		const { ip, nic: zone } = stack.ip.parse(address, "bind");
		const nic = this.#parts.nic ?? zone;
		const needsZone = af === 6 && nic === null && isLinkLocal6(ip);
		if (ip.includes(":") !== (af === 6) || needsZone) throw new SystemError("EINVAL", "bind", address);
		const localPort = stack.claim({ af, localIp: ip, port, nic, reuse });
		this.#bound = { ip, port, nic };
		this.#replace(ip, localPort, nic, null);
	}

	/** @throws SystemError `EBADF`, `EINVAL`, `ENOTFOUND`, `ENETUNREACH`, `EADDRNOTAVAIL` */
	connect(address: string, port: number): void {
		const endpoint = this.#withPort("connect");
		const { ip, nic: zone } = this.#parseRemote(address, "connect");
		const nic = endpoint.nic ?? zone;
		const localIp = isAny(endpoint.localIp) ? this.#parts.stack.ip.sourceFor(ip, nic) : endpoint.localIp;
		this.#replace(localIp, endpoint.localPort, nic, { ip, port });
	}

	/** Linux takes a port back that was not chosen by number; the next send or connect gets another one. */
	disconnect(): void {
		if (this.#bound !== null) this.#replace(this.#bound.ip, this.#bound.port, this.#bound.nic, null);
	}

	/**
	 * @param to the peer if there is one, otherwise where to
	 * @throws SystemError as `connect`, `EMSGSIZE`, `EACCES` for a broadcast that was not allowed
	 */
	send(data: Uint8Array, to: HostPort, options: { readonly ttl: number; readonly broadcast: boolean }): void {
		const { stack } = this.#parts;
		const endpoint = this.#withPort("send");
		const { ip, nic: zone } = this.#parseRemote(to.ip, "send");
		if (data.length > MAX_UDP_PAYLOAD) throw new SystemError("EMSGSIZE", "send", to.ip, to.port);
		if (!options.broadcast && stack.ip.isBroadcast(ip))
			throw new SystemError("EACCES", "send", to.ip, to.port);
		const nic = endpoint.nic ?? zone;
		const src = isAny(endpoint.localIp) ? stack.ip.sourceFor(ip, nic) : endpoint.localIp;
		stack.send({ ip: src, port: endpoint.localPort }, { ip, port: to.port }, data, nic, options.ttl);
	}

	close(): void {
		if (this.#endpoint !== null) this.#parts.stack.remove(this.#parts.af, this.#endpoint);
		this.#endpoint = null;
	}

	#replace(localIp: string, localPort: number, nic: Nic | null, remote: HostPort | null): UdpEndpoint {
		const { stack, af, reuse, receive, refused } = this.#parts;
		this.close();
		const endpoint: UdpEndpoint = { localIp, localPort, nic, reuse, remote, receive, refused };
		this.#endpoint = endpoint;
		if (localPort !== 0) stack.add(af, endpoint);
		return endpoint;
	}

	/** The endpoint with a port, which it may have lost by `disconnect`. */
	#withPort(syscall: string): UdpEndpoint {
		if (this.#endpoint === null) throw new SystemError("EBADF", syscall);
		if (this.#endpoint.localPort !== 0) return this.#endpoint;
		const { stack, af, reuse } = this.#parts;
		const { localIp, nic } = this.#endpoint;
		return this.#replace(localIp, stack.claim({ af, localIp, port: 0, nic, reuse }), nic, null);
	}

	#parseRemote(address: string, syscall: string): Zoned {
		const { stack, af } = this.#parts;
		let parsed: Zoned;
		try {
			parsed = stack.ip.parse(address, syscall);
		} catch (cause) {
			// A name: there is no DNS in here.
			throw /[:%]/.test(address) ? cause : new SystemError("ENOTFOUND", "getaddrinfo", address);
		}
		if (parsed.ip.includes(":") !== (af === 6)) throw new SystemError("EINVAL", syscall, address);
		return parsed;
	}
}
