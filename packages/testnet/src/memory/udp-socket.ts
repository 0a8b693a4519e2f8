import { Buffer } from "node:buffer";
import type { BindOptions, Socket as DgramSocket, RemoteInfo } from "node:dgram";
import type { AddressInfo } from "node:net";
import { MAX_UDP_PAYLOAD } from "./defaults.js";
import { SystemError } from "./errors.js";
import { isLinkLocal6 } from "./ip-layer.js";
import type { Nic } from "./nic.js";
import type { UdpPacket } from "./packet.js";
import { isAny } from "./port-table.js";
import { checkPort, sendArguments } from "./send-arguments.js";
import type { Family, HostPort } from "./types.js";
import { UdpSocketOptions } from "./udp-socket-options.js";
import type { UdpEndpoint, UdpStack } from "./udp-stack.js";

/** What a socket is made with. */
export interface UdpSocketParts {
	readonly stack: UdpStack;
	readonly af: Family;
	/** Leaves and listens by this NIC only. @default null */
	readonly nic?: Nic | null;
	readonly reuse?: boolean;
}

const nodeError = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/**
 * A UDP socket of an in-memory host, with the methods, events, states and errors of Node's `dgram.Socket`.
 * There is no multicast: asking for it fails as on a kernel without (`ENOPROTOOPT`).
 */
export class UdpSocket extends UdpSocketOptions implements DgramSocket {
	readonly #stack: UdpStack;
	readonly #af: Family;
	readonly #nic: Nic | null;
	readonly #reuse: boolean;
	#state: "unbound" | "binding" | "bound" | "closed" = "unbound";
	#endpoint: UdpEndpoint | null = null;
	#boundIp = "";
	#wantedPort = 0;
	#connecting = false;

	constructor({ stack, af, nic = null, reuse = false }: UdpSocketParts) {
		super();
		this.#stack = stack;
		this.#af = af;
		this.#nic = nic;
		this.#reuse = reuse;
	}

	bind(
		port?: number | BindOptions | (() => void),
		address?: string | (() => void),
		callback?: () => void,
	): this {
		this.#alive();
		if (this.#state !== "unbound") throw nodeError("ERR_SOCKET_ALREADY_BOUND", "Socket is already bound");
		const listener = [port, address, callback].find((value) => typeof value === "function");
		if (listener !== undefined) this.once("listening", listener as () => void);
		const options = typeof port === "object" ? port : { port, address };
		const wantedPort = typeof options.port === "number" ? checkPort(options.port, true) : 0;
		const any = this.#af === 4 ? "0.0.0.0" : "::";
		const wantedIp = typeof options.address === "string" && options.address !== "" ? options.address : any;
		this.#state = "binding";
		try {
			this.#claim(wantedIp, wantedPort);
		} catch (error) {
			this.#state = "unbound";
			process.nextTick(() => this.emit("error", error));
			return this;
		}
		process.nextTick(() => {
			if (this.#state !== "binding") return;
			this.#state = "bound";
			this.emit("listening");
		});
		return this;
	}

	address(): AddressInfo {
		this.#alive();
		if (this.#endpoint === null) throw new SystemError("EBADF", "getsockname");
		const { localIp, localPort, nic } = this.#endpoint;
		return { address: this.#stack.ip.withZone(localIp, nic), port: localPort, family: `IPv${this.#af}` };
	}

	connect(port: number, address?: string | (() => void), callback?: () => void): void {
		this.#alive();
		const listener = typeof address === "function" ? address : callback;
		const remotePort = checkPort(port);
		if (this.#connecting || this.#endpoint?.remote) {
			throw nodeError("ERR_SOCKET_DGRAM_IS_CONNECTED", "Already connected");
		}
		if (this.#state === "unbound") this.bind();
		this.#connecting = true;
		const fail = (error: unknown): void => {
			this.#connecting = false;
			if (listener === undefined) this.emit("error", error);
			else (listener as (error: unknown) => void)(error);
		};
		const attempt = (): void => {
			if (this.#state === "closed") return;
			try {
				this.#connectTo(typeof address === "string" ? address : this.#loopback(), remotePort);
			} catch (error) {
				fail(error);
				return;
			}
			this.#connecting = false;
			if (listener !== undefined) this.once("connect", listener);
			this.emit("connect");
		};
		this.#whenBound(() => process.nextTick(attempt));
	}

	disconnect(): void {
		this.#alive();
		if (!this.#endpoint?.remote) throw nodeError("ERR_SOCKET_DGRAM_NOT_CONNECTED", "Not connected");
		// Linux takes a port back that nobody asked for by number; the next send or connect gets another.
		this.#replace(this.#boundIp, this.#wantedPort, this.#endpoint.nic, null);
	}

	remoteAddress(): AddressInfo {
		this.#alive();
		const remote = this.#endpoint?.remote;
		if (!remote) throw nodeError("ERR_SOCKET_DGRAM_NOT_CONNECTED", "Not connected");
		return { address: remote.ip, port: remote.port, family: `IPv${this.#af}` };
	}

	send(message: unknown, ...rest: unknown[]): void {
		this.#alive();
		const { data, port, address, callback } = sendArguments(message, rest, Boolean(this.#endpoint?.remote));
		if (this.#state === "unbound") this.bind();
		this.#whenBound(() => {
			try {
				if (this.#state === "closed") throw nodeError("ERR_SOCKET_DGRAM_NOT_RUNNING", "Not running");
				this.#transmit(data, port, address);
			} catch (error) {
				if (callback === undefined) process.nextTick(() => this.emit("error", error));
				else process.nextTick(callback as (error: unknown, bytes: number) => void, error, 0);
				return;
			}
			if (callback !== undefined) process.nextTick(callback, null, data.length);
		});
	}

	close(callback?: () => void): this {
		this.#alive();
		if (callback !== undefined) this.once("close", callback);
		this.#state = "closed";
		if (this.#endpoint !== null) this.#stack.remove(this.#af, this.#endpoint);
		this.#endpoint = null;
		process.nextTick(() => this.emit("close"));
		return this;
	}

	[Symbol.asyncDispose](): Promise<void> {
		if (this.#state === "closed") return Promise.resolve();
		return new Promise((resolve) => this.close(resolve));
	}

	#loopback(): string {
		return this.#af === 4 ? "127.0.0.1" : "::1";
	}

	#alive(): void {
		if (this.#state === "closed") throw nodeError("ERR_SOCKET_DGRAM_NOT_RUNNING", "Not running");
	}

	protected override descriptor(syscall: string): void {
		this.#alive();
		if (this.#endpoint === null) throw new SystemError("EBADF", syscall);
	}

	#whenBound(then: () => void): void {
		if (this.#state === "binding") this.once("listening", then);
		else then();
	}

	#claim(address: string, port: number): void {
		const { ip, nic: zone } = this.#stack.ip.parse(address, "bind");
		if (ip.includes(":") !== (this.#af === 6)) throw new SystemError("EINVAL", "bind", address);
		if (zone === null && this.#nic === null && this.#af === 6 && isLinkLocal6(ip)) {
			throw new SystemError("EINVAL", "bind", address);
		}
		const nic = this.#nic ?? zone;
		const localPort = this.#stack.claim({ af: this.#af, localIp: ip, port, nic, reuse: this.#reuse });
		this.#boundIp = ip;
		this.#wantedPort = port;
		this.#replace(ip, localPort, nic, null);
	}

	#replace(localIp: string, localPort: number, nic: Nic | null, remote: HostPort | null): UdpEndpoint {
		if (this.#endpoint !== null) this.#stack.remove(this.#af, this.#endpoint);
		const endpoint: UdpEndpoint = {
			localIp,
			localPort,
			nic,
			reuse: this.#reuse,
			remote,
			receive: (packet, by) => this.#receive(packet, by),
			refused: (about) => this.#refused(about),
		};
		this.#endpoint = endpoint;
		if (localPort !== 0) this.#stack.add(this.#af, endpoint);
		return endpoint;
	}

	/** The endpoint with a port, which it may have lost by `disconnect`. */
	#withPort(syscall: string): UdpEndpoint {
		if (this.#endpoint === null) throw new SystemError("EBADF", syscall);
		if (this.#endpoint.localPort !== 0) return this.#endpoint;
		const { localIp, nic } = this.#endpoint;
		const claim = { af: this.#af, localIp, port: 0, nic, reuse: this.#reuse };
		return this.#replace(localIp, this.#stack.claim(claim), nic, null);
	}

	#connectTo(address: string, port: number): void {
		const endpoint = this.#withPort("connect");
		const { ip, nic: zone } = this.#parseRemote(address, "connect");
		const nic = endpoint.nic ?? zone;
		const localIp = isAny(endpoint.localIp) ? this.#stack.ip.sourceFor(ip, nic) : endpoint.localIp;
		this.#replace(localIp, endpoint.localPort, nic, { ip, port });
	}

	#parseRemote(address: string, syscall: string): { readonly ip: string; readonly nic: Nic | null } {
		let parsed: { readonly ip: string; readonly nic: Nic | null };
		try {
			parsed = this.#stack.ip.parse(address, syscall);
		} catch (cause) {
			// A name: there is no DNS in here.
			throw address.includes(":") || address.includes("%")
				? cause
				: new SystemError("ENOTFOUND", "getaddrinfo", address);
		}
		if (parsed.ip.includes(":") !== (this.#af === 6)) throw new SystemError("EINVAL", syscall, address);
		return parsed;
	}

	#transmit(data: Buffer, port: number | undefined, address: string | undefined): void {
		const endpoint = this.#withPort("send");
		const remote = endpoint.remote ?? { ip: address ?? this.#loopback(), port: port ?? 0 };
		const { ip, nic: zone } = this.#parseRemote(remote.ip, "send");
		if (data.length > MAX_UDP_PAYLOAD) throw new SystemError("EMSGSIZE", "send", remote.ip, remote.port);
		if (!this.broadcast && this.#stack.ip.isBroadcast(ip)) {
			throw new SystemError("EACCES", "send", remote.ip, remote.port);
		}
		const nic = endpoint.nic ?? zone;
		const src = isAny(endpoint.localIp) ? this.#stack.ip.sourceFor(ip, nic) : endpoint.localIp;
		const from = { ip: src, port: endpoint.localPort };
		this.#stack.send(from, { ip, port: remote.port }, data, nic, this.ttl);
	}

	#receive(packet: UdpPacket, nic: Nic | null): void {
		this.#stack.ip.fabric.clock.enter();
		const info: RemoteInfo = {
			address: this.#stack.ip.withZone(packet.src, nic),
			family: this.#af === 4 ? "IPv4" : "IPv6",
			port: packet.srcPort,
			size: packet.data.length,
		};
		this.emit("message", Buffer.from(packet.data), info);
	}

	/** Linux tells a socket of unreachable ports only once it is connected. */
	#refused({ ip, port }: HostPort): void {
		if (!this.#endpoint?.remote) return;
		this.#stack.ip.fabric.clock.enter();
		this.emit("error", new SystemError("ECONNREFUSED", "recvmsg", ip, port));
	}
}
