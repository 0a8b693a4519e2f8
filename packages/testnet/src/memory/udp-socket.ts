import { Buffer } from "node:buffer";
import type { BindOptions, Socket as DgramSocket, RemoteInfo } from "node:dgram";
import type { AddressInfo } from "node:net";
import { SystemError } from "./errors.js";
import type { Nic } from "./nic.js";
import type { UdpPacket } from "./packet.js";
import type { Family, HostPort } from "./types.js";
import { checkPort, sendArguments, UdpSocketOptions } from "./udp-arguments.js";
import { UdpBinding } from "./udp-binding.js";
import type { UdpStack } from "./udp-stack.js";

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
	readonly #binding: UdpBinding;
	#state: "unbound" | "binding" | "bound" | "closed" = "unbound";
	#connecting = false;

	constructor({ stack, af, nic = null, reuse = false }: UdpSocketParts) {
		super();
		this.#stack = stack;
		this.#af = af;
		this.#binding = new UdpBinding({
			stack,
			af,
			nic,
			reuse,
			receive: (packet, by) => this.#receive(packet, by),
			refused: (remote) => this.#refused(remote),
		});
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
			this.#binding.bind(wantedIp, wantedPort);
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
		const { endpoint } = this.#binding;
		if (endpoint === null) throw new SystemError("EBADF", "getsockname");
		const { localIp, localPort, nic } = endpoint;
		return { address: this.#stack.ip.withZone(localIp, nic), port: localPort, family: `IPv${this.#af}` };
	}

	connect(port: number, address?: string | (() => void), callback?: () => void): void {
		this.#alive();
		const listener = typeof address === "function" ? address : callback;
		const remotePort = checkPort(port);
		if (this.#connecting || this.#binding.remote !== null) {
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
				this.#binding.connect(typeof address === "string" ? address : this.#loopback(), remotePort);
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
		if (this.#binding.remote === null) throw nodeError("ERR_SOCKET_DGRAM_NOT_CONNECTED", "Not connected");
		this.#binding.disconnect();
	}

	remoteAddress(): AddressInfo {
		this.#alive();
		const { remote } = this.#binding;
		if (remote === null) throw nodeError("ERR_SOCKET_DGRAM_NOT_CONNECTED", "Not connected");
		return { address: remote.ip, port: remote.port, family: `IPv${this.#af}` };
	}

	send(message: unknown, ...rest: unknown[]): void {
		this.#alive();
		const args = sendArguments(message, rest, this.#binding.remote !== null);
		const { data, port = 0, address = this.#loopback(), callback } = args;
		if (this.#state === "unbound") this.bind();
		this.#whenBound(() => {
			try {
				if (this.#state === "closed") throw nodeError("ERR_SOCKET_DGRAM_NOT_RUNNING", "Not running");
				this.#binding.send(data, this.#binding.remote ?? { ip: address, port }, {
					ttl: this.ttl,
					broadcast: this.broadcast,
				});
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
		this.#binding.close();
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
		if (this.#binding.endpoint === null) throw new SystemError("EBADF", syscall);
	}

	#whenBound(then: () => void): void {
		if (this.#state === "binding") this.once("listening", then);
		else then();
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
		if (this.#binding.remote === null) return;
		this.#stack.ip.fabric.clock.enter();
		this.emit("error", new SystemError("ECONNREFUSED", "recvmsg", ip, port));
	}
}
