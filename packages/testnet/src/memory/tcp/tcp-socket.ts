import { Buffer } from "node:buffer";
import type { AddressInfo, Socket, SocketReadyState } from "node:net";
import { Duplex } from "node:stream";
import { SystemError } from "../errors.js";
import type { ManualClock } from "../manual-clock.js";
import type { Nic } from "../nic.js";
import { checkPort } from "../send-arguments.js";
import type { Family } from "../types.js";
import type { ConnectionUser, TcpConnection } from "./connection.js";
import type { TcpStack } from "./stack.js";

/** What a socket is made with. */
export interface TcpSocketParts {
	readonly stack: TcpStack;
	/** Leaves by this NIC only. @default null */
	readonly nic?: Nic | null;
	/** @default false */
	readonly reuse?: boolean;
	/** As in `net.Socket`. @default false */
	readonly allowHalfOpen?: boolean;
}

/** Where to connect to, with the names that `net.Socket.connect` uses; `host` is an address. */
export interface TcpTarget {
	readonly host?: string;
	readonly port: number;
	readonly localAddress?: string;
	readonly localPort?: number;
}

const familyName = (af: Family): string => `IPv${af}`;

/**
 * A TCP socket of an in-memory host, with the methods, events and errors of Node's `net.Socket`. Nagle's
 * algorithm and keep-alive probes are not modelled, so `setNoDelay` and `setKeepAlive` have nothing to change.
 */
export class TcpSocket extends Duplex implements Socket {
	readonly #stack: TcpStack;
	readonly #clock: ManualClock;
	readonly #nic: Nic | null;
	readonly #reuse: boolean;
	#connection: TcpConnection | null = null;
	#established = false;
	#ended = false;
	#bytesRead = 0;
	#bytesWritten = 0;
	#timeoutMs = 0;
	#timer: unknown = null;
	#wakeWriter: (() => void) | null = null;

	constructor({ stack, nic = null, reuse = false, allowHalfOpen = false }: TcpSocketParts) {
		super({ allowHalfOpen, emitClose: false });
		this.#stack = stack;
		this.#clock = stack.ip.fabric.clock;
		this.#nic = nic;
		this.#reuse = reuse;
	}

	/** Takes over a connection that somebody else opened. @returns who is told about it */
	adopt(connection: TcpConnection, connected: () => void): ConnectionUser {
		this.#connection = connection;
		return this.#user(connected);
	}

	connect(target: number | string | object, ...rest: unknown[]): this {
		const listener = rest.find((value) => typeof value === "function") as (() => void) | undefined;
		const host = typeof rest[0] === "string" ? { host: rest[0] } : {};
		const wanted = typeof target === "object" ? (target as TcpTarget) : { port: Number(target), ...host };
		if (listener !== undefined) this.once("connect", listener);
		const port = checkPort(wanted.port);
		try {
			this.#open(wanted.host ?? "127.0.0.1", port, wanted);
		} catch (error) {
			process.nextTick(() => this.destroy(error as Error));
		}
		return this;
	}

	get connecting(): boolean {
		return this.#connection !== null && !this.#established && !this.destroyed;
	}

	get pending(): boolean {
		return this.#connection === null || this.connecting;
	}

	get readyState(): SocketReadyState {
		if (this.connecting) return "opening";
		if (this.#connection === null || this.destroyed) return "closed";
		if (this.readable && this.writable) return "open";
		if (this.readable) return "readOnly";
		return this.writable ? "writeOnly" : "closed";
	}

	get bytesRead(): number {
		return this.#bytesRead;
	}

	get bytesWritten(): number {
		return this.#bytesWritten + this.writableLength;
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
		return this.#connection?.local.ip ?? "";
	}

	get localPort(): number {
		return this.#connection?.local.port ?? 0;
	}

	get localFamily(): string {
		return familyName(this.localAddress.includes(":") ? 6 : 4);
	}

	get remoteAddress(): string | undefined {
		return this.#established ? this.#connection?.remote.ip : undefined;
	}

	get remotePort(): number | undefined {
		return this.#established ? this.#connection?.remote.port : undefined;
	}

	get remoteFamily(): string | undefined {
		return this.#established ? this.localFamily : undefined;
	}

	address(): AddressInfo | Record<string, never> {
		const local = this.#connection?.local;
		if (local === undefined) return {};
		return { address: local.ip, port: local.port, family: this.localFamily };
	}

	setTimeout(ms: number, callback?: () => void): this {
		this.#timeoutMs = ms;
		if (callback !== undefined) {
			if (ms === 0) this.removeListener("timeout", callback);
			else this.once("timeout", callback);
		}
		this.#active();
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

	destroySoon(): void {
		if (this.writable) this.end();
		if (this.writableFinished) this.destroy();
		else this.once("finish", () => this.destroy());
	}

	resetAndDestroy(): this {
		this.#connection?.abort();
		return this.destroy();
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
		this.#whenConnected(() => {
			this.#active();
			this.#bytesWritten += chunk.length;
			if (this.#connection?.write(Buffer.from(chunk)) === false) this.#wakeWriter = callback;
			else callback();
		});
	}

	override _final(callback: (error?: Error | null) => void): void {
		this.#whenConnected(() => {
			this.#connection?.finish();
			callback();
		});
	}

	override _read(): void {
		if (this.#established) this.#pull();
	}

	override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
		this.#clock.clearTimeout(this.#timer);
		this.#connection?.release();
		callback(error);
		process.nextTick(() => this.emit("close", error !== null));
	}

	#open(host: string, port: number, { localAddress, localPort = 0 }: TcpTarget): void {
		const { ip, nic: zone } = this.#stack.ip.parse(host, "connect");
		const af: Family = ip.includes(":") ? 6 : 4;
		const any = af === 4 ? "0.0.0.0" : "::";
		const local = this.#stack.ip.parse(localAddress ?? any, "bind");
		if (local.ip.includes(":") !== ip.includes(":")) throw new SystemError("EINVAL", "connect", host, port);
		const nic = this.#nic ?? zone ?? local.nic;
		const claim = { af, localIp: local.ip, port: localPort, nic, reuse: this.#reuse };
		const connection = this.#stack.connection(claim, { ip, port });
		this.#connection = connection;
		connection.open(
			this.#user(() => {
				this.emit("connect");
				this.emit("ready");
			}),
		);
	}

	#user(connected: () => void): ConnectionUser {
		return {
			connected: () => {
				this.#clock.enter();
				this.#established = true;
				this.#active();
				connected();
				this.#pull();
			},
			readable: () => {
				this.#clock.enter();
				this.#active();
				if (this.#established) this.#pull();
			},
			writable: () => {
				const wake = this.#wakeWriter;
				this.#wakeWriter = null;
				if (wake === null) return;
				this.#clock.enter();
				wake();
			},
			closed: (error) => {
				if (error === null) return;
				this.#clock.enter();
				this.destroy(error);
			},
		};
	}

	#whenConnected(then: () => void): void {
		if (this.#established) then();
		else this.once("connect", then);
	}

	/** Hands over what has arrived, until the reader has enough. */
	#pull(): void {
		for (;;) {
			if (this.destroyed || (this.readableLength > 0 && this.readableLength >= this.readableHighWaterMark))
				return;
			const data = this.#connection?.read();
			if (data === undefined) return;
			if (data === null) {
				if (!this.#ended) this.push(null);
				this.#ended = true;
				return;
			}
			this.#bytesRead += data.length;
			if (!this.push(data)) return;
		}
	}

	#active(): void {
		this.#clock.clearTimeout(this.#timer);
		if (this.#timeoutMs > 0 && !this.destroyed) {
			this.#timer = this.#clock.setTimeout(() => this.emit("timeout"), this.#timeoutMs);
		}
	}
}
