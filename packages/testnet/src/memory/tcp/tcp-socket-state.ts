import type { AddressInfo, SocketReadyState } from "node:net";
import { Duplex, type DuplexOptions } from "node:stream";
import type { ManualClock } from "../manual-clock.js";
import type { TcpConnection } from "./connection.js";

/**
 * The part of `net.Socket` that tells what the socket is doing. Nagle's algorithm and keep-alive probes are not
 * modelled, so `setNoDelay` and `setKeepAlive` have nothing to change.
 */
export abstract class TcpSocketState extends Duplex {
	protected readonly clock: ManualClock;
	protected connection: TcpConnection | null = null;
	/** Whether the connection was ever there. */
	protected established = false;
	protected readCount = 0;
	protected writtenCount = 0;
	#timeoutMs = 0;
	#timer: unknown = null;

	constructor(options: DuplexOptions, clock: ManualClock) {
		super(options);
		this.clock = clock;
	}

	get connecting(): boolean {
		return this.connection !== null && !this.established && !this.destroyed;
	}

	get pending(): boolean {
		return this.connection === null || this.connecting;
	}

	get readyState(): SocketReadyState {
		if (this.connecting) return "opening";
		if (this.connection === null || this.destroyed) return "closed";
		if (this.readable && this.writable) return "open";
		if (this.readable) return "readOnly";
		return this.writable ? "writeOnly" : "closed";
	}

	get bytesRead(): number {
		return this.readCount;
	}

	get bytesWritten(): number {
		return this.writtenCount + this.writableLength;
	}

	get bufferSize(): number {
		return this.writableLength;
	}

	get timeout(): number {
		return this.#timeoutMs;
	}

	/** One address is one attempt, which Node does not list. */
	get autoSelectFamilyAttemptedAddresses(): string[] {
		return [];
	}

	get localAddress(): string {
		return this.connection?.local.ip ?? "";
	}

	get localPort(): number {
		return this.connection?.local.port ?? 0;
	}

	get localFamily(): string {
		return this.localAddress.includes(":") ? "IPv6" : "IPv4";
	}

	get remoteAddress(): string | undefined {
		return this.established ? this.connection?.remote.ip : undefined;
	}

	get remotePort(): number | undefined {
		return this.established ? this.connection?.remote.port : undefined;
	}

	get remoteFamily(): string | undefined {
		return this.established ? this.localFamily : undefined;
	}

	address(): AddressInfo | Record<string, never> {
		const local = this.connection?.local;
		if (local === undefined) return {};
		return { address: local.ip, port: local.port, family: this.localFamily };
	}

	setTimeout(ms: number, callback?: () => void): this {
		this.#timeoutMs = ms;
		if (callback !== undefined) {
			if (ms === 0) this.removeListener("timeout", callback);
			else this.once("timeout", callback);
		}
		this.active();
		return this;
	}

	setNoDelay(): this {
		return this;
	}

	setKeepAlive(): this {
		return this;
	}

	/** An in-memory socket never keeps the process alive. */
	ref(): this {
		return this;
	}

	/** An in-memory socket never keeps the process alive. */
	unref(): this {
		return this;
	}

	/** Something went over the connection: the idle time starts again. */
	protected active(): void {
		this.stopIdleTimer();
		if (this.#timeoutMs > 0 && !this.destroyed) {
			this.#timer = this.clock.setTimeout(() => this.emit("timeout"), this.#timeoutMs);
		}
	}

	protected stopIdleTimer(): void {
		this.clock.clearTimeout(this.#timer);
	}
}
