import type { Socket as DgramSocket } from "node:dgram";
import { type AddressInfo, isIP } from "node:net";
import { canonicalIp } from "@p2pd/address";
import type { Endpoint, Family } from "@p2pd/net";
import { TurnClosedError, TurnError } from "../errors.js";
import type { SendCallback } from "../link/types.js";
import type { Allocation } from "./allocation.js";
import { type DatagramReceiver, type Datagrams, systemError } from "./datagrams.js";
import { checkPort, sendArguments, stateError } from "./send-arguments.js";
import { UdpUnsupported } from "./udp-unsupported.js";

/** What a relayed socket is made of. */
export interface RelayedUdpParts {
	readonly allocation: Allocation;
	readonly datagrams: Datagrams;
	/** Its relayed address. */
	readonly relayed: Endpoint;
	/** Finds the addresses of a name that is sent to, by the underlying sockets. */
	resolve(host: string): Promise<string>;
	/** Gives its place in the allocation back. */
	closed(): void;
}

/**
 * A UDP socket at a relayed address, with the methods, events, states and errors of Node's `dgram.Socket`. It is bound
 * from the start. When the allocation is lost it emits "error" with a TurnLostError, and closes.
 */
export class RelayedUdpSocket extends UdpUnsupported implements DgramSocket, DatagramReceiver {
	readonly #parts: RelayedUdpParts;
	readonly #af: Family;
	readonly #family: "IPv4" | "IPv6";
	readonly #limit: number;
	#closed = false;
	#connecting = false;
	#remote: Endpoint | null = null;
	/** The destination of the last datagram as it was written, and in canonical text: most go to the same one. */
	#lastText = "";
	#lastIp = "";

	constructor(parts: RelayedUdpParts) {
		super();
		this.#parts = parts;
		this.#af = parts.relayed.ip.includes(":") ? 6 : 4;
		this.#family = `IPv${this.#af}`;
		this.#limit = longestPayload(parts.allocation, this.#af);
		parts.datagrams.attach(this.#af, this);
	}

	bind(): this {
		this.#alive();
		throw stateError("ERR_SOCKET_ALREADY_BOUND", "Socket is already bound");
	}

	/** The relayed address. */
	address(): AddressInfo {
		this.#alive();
		const { ip, port } = this.#parts.relayed;
		return { address: ip, family: this.#family, port };
	}

	connect(port: number, address?: string | (() => void), callback?: () => void): void {
		this.#alive();
		const listener = (typeof address === "function" ? address : callback) as
			| ((error?: Error) => void)
			| undefined;
		const remotePort = checkPort(port);
		if (this.#connecting || this.#remote !== null) {
			throw stateError("ERR_SOCKET_DGRAM_IS_CONNECTED", "Already connected");
		}
		this.#connecting = true;
		const host = typeof address === "string" && address !== "" ? address : this.#loopback();
		this.#connect(host, remotePort).then(
			() => {
				if (this.#closed) return;
				if (listener !== undefined) this.once("connect", listener);
				this.emit("connect");
			},
			(error: Error) => {
				this.#connecting = false;
				if (this.#closed) return;
				if (listener !== undefined) listener(error);
				else this.emit("error", error);
			},
		);
	}

	disconnect(): void {
		this.#alive();
		if (this.#remote === null) throw stateError("ERR_SOCKET_DGRAM_NOT_CONNECTED", "Not connected");
		this.#remote = null;
	}

	remoteAddress(): AddressInfo {
		this.#alive();
		if (this.#remote === null) throw stateError("ERR_SOCKET_DGRAM_NOT_CONNECTED", "Not connected");
		return { address: this.#remote.ip, family: this.#family, port: this.#remote.port };
	}

	send(message: unknown, ...rest: unknown[]): void {
		this.#alive();
		const [port, address, callback] = rest;
		if (
			this.#remote === null &&
			message instanceof Uint8Array &&
			typeof port === "number" &&
			address === this.#lastText &&
			typeof callback === "function"
		) {
			this.#send(message, this.#lastIp, port, callback as SendCallback);
			return;
		}
		const args = sendArguments(message, rest, this.#remote !== null);
		const to = this.#remote;
		if (to !== null) {
			this.#send(args.data, to.ip, to.port, args.callback);
			return;
		}
		this.#sendTo(args.data, args.address || this.#loopback(), args.port ?? 0, args.callback);
	}

	close(callback?: () => void): this {
		this.#alive();
		if (callback !== undefined) this.once("close", callback);
		this.#end();
		return this;
	}

	[Symbol.asyncDispose](): Promise<void> {
		if (this.#closed) return Promise.resolve();
		return new Promise((resolve) => this.close(resolve));
	}

	ref(): this {
		this.#parts.allocation.link.keepAlive(true);
		return this;
	}

	unref(): this {
		this.#parts.allocation.link.keepAlive(false);
		return this;
	}

	getSendQueueSize(): number {
		return this.#parts.allocation.link.queued().bytes + this.#parts.datagrams.waiting.bytes;
	}

	getSendQueueCount(): number {
		return this.#parts.allocation.link.queued().count + this.#parts.datagrams.waiting.count;
	}

	message(data: Buffer, { ip, port }: Endpoint): void {
		const remote = this.#remote;
		if (remote !== null && (remote.port !== port || remote.ip !== ip)) return;
		this.emit("message", data, { address: ip, family: this.#family, port, size: data.length });
	}

	refused(error: Error): void {
		this.emit("error", error);
	}

	lost(error: Error): void {
		if (this.#closed) return;
		this.#end();
		this.emit("error", error);
	}

	/** Closes it if it is not closed. */
	shut(): void {
		if (!this.#closed) this.#end();
	}

	#end(): void {
		this.#closed = true;
		this.#parts.datagrams.detach(this.#af);
		this.#parts.closed();
		process.nextTick(() => this.emit("close"));
	}

	async #connect(host: string, port: number): Promise<void> {
		const ip = this.#literal(host) ?? (await this.#parts.resolve(host));
		await this.#parts.allocation.permit(ip, true);
		if (this.#closed) throw new TurnClosedError("the socket");
		this.#connecting = false;
		this.#remote = { ip, port };
	}

	#sendTo(data: Uint8Array, host: string, port: number, callback: SendCallback | null): void {
		let ip: string | null;
		try {
			ip = this.#literal(host);
		} catch (error) {
			this.#failed(error as Error, callback);
			return;
		}
		if (ip !== null) {
			this.#lastText = host;
			this.#lastIp = ip;
			this.#send(data, ip, port, callback);
			return;
		}
		this.#parts.resolve(host).then(
			(found) => {
				if (!this.#closed) this.#send(data, found, port, callback);
			},
			(error: Error) => this.#failed(error, callback),
		);
	}

	#send(data: Uint8Array, ip: string, port: number, callback: SendCallback | null): void {
		if (data.length > this.#limit) process.nextTick(callback ?? this.#onSent, systemError("EMSGSIZE"));
		else this.#parts.datagrams.send(data, ip, port, callback ?? this.#onSent);
	}

	/**
	 * A send without a callback. As with Node's sockets, what the system would say is then said to nobody; that the relay
	 * refuses the peer is an event.
	 */
	readonly #onSent = (error: Error | null): void => {
		if (error instanceof TurnError && !this.#closed) this.emit("error", error);
	};

	/** A destination that cannot be found: without a callback an event, as Node has it for names. */
	#failed(error: Error, callback: SendCallback | null): void {
		process.nextTick(callback ?? ((unheard: Error) => this.#closed || this.emit("error", unheard)), error);
	}

	/** An IP in canonical text; null for a name. Throws for an address of the other family or with a zone. */
	#literal(host: string): string | null {
		const version = isIP(host);
		if (version === 0) return null;
		if (version !== this.#af || host.includes("%")) throw systemError("EINVAL");
		return version === 4 ? host : canonicalIp(host);
	}

	#loopback(): string {
		return this.#af === 4 ? "127.0.0.1" : "::1";
	}

	#alive(): void {
		if (this.#closed) throw stateError("ERR_SOCKET_DGRAM_NOT_RUNNING", "Not running");
	}
}

/** Payload of the longest UDP datagram: 65,535 bytes without UDP's header, and IPv4's which IPv6 does not count. */
const LONGEST_UDP = { 4: 65_507, 6: 65_527 } as const;

/** STUN's length field counts 16 bits, in steps of 4. */
const LONGEST_MESSAGE = 65_532;

/** The longest datagram that a Send indication can carry, and that the relay can send. */
function longestPayload({ link, plan }: Allocation, af: Family): number {
	const attributes = (af === 4 ? 12 : 24) + (plan.dontFragment ? 4 : 0) + 4;
	const linkFamily = link.local.ip.includes(":") ? 6 : 4;
	const carried = link.reliable ? LONGEST_MESSAGE : Math.min(LONGEST_MESSAGE, LONGEST_UDP[linkFamily] - 20);
	return Math.min(LONGEST_UDP[af], (carried & ~3) - attributes);
}
