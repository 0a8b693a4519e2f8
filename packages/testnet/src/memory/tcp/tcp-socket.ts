import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { SystemError } from "../errors.js";
import type { Nic } from "../nic.js";
import type { Family } from "../types.js";
import { checkPort } from "../udp-arguments.js";
import type { ConnectionUser, TcpConnection } from "./connection.js";
import type { TcpStack } from "./stack.js";
import { TcpSocketState } from "./tcp-socket-state.js";

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

/**
 * A TCP socket of an in-memory host, with the methods, events and errors of Node's `net.Socket`.
 */
export class TcpSocket extends TcpSocketState implements Socket {
	readonly #stack: TcpStack;
	readonly #nic: Nic | null;
	readonly #reuse: boolean;
	#ended = false;
	#wakeWriter: (() => void) | null = null;

	constructor({ stack, nic = null, reuse = false, allowHalfOpen = false }: TcpSocketParts) {
		super({ allowHalfOpen, emitClose: false }, stack.ip.fabric.clock);
		this.#stack = stack;
		this.#nic = nic;
		this.#reuse = reuse;
	}

	/** Takes over a connection that somebody else opened. @returns who is told about it */
	adopt(connection: TcpConnection, connected: () => void): ConnectionUser {
		this.connection = connection;
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

	destroySoon(): void {
		if (this.writable) this.end();
		if (this.writableFinished) this.destroy();
		else this.once("finish", () => this.destroy());
	}

	resetAndDestroy(): this {
		this.connection?.abort();
		return this.destroy();
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
		this.#whenConnected(() => {
			this.active();
			this.writtenCount += chunk.length;
			if (this.connection?.write(Buffer.from(chunk)) === false) this.#wakeWriter = callback;
			else callback();
		});
	}

	override _final(callback: (error?: Error | null) => void): void {
		this.#whenConnected(() => {
			this.connection?.finish();
			callback();
		});
	}

	override _read(): void {
		if (this.established) this.#pull();
	}

	override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
		this.stopIdleTimer();
		this.connection?.release();
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
		this.connection = connection;
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
				this.clock.enter();
				this.established = true;
				this.active();
				connected();
				this.#pull();
			},
			readable: () => {
				this.clock.enter();
				this.active();
				if (this.established) this.#pull();
			},
			writable: () => {
				const wake = this.#wakeWriter;
				this.#wakeWriter = null;
				if (wake === null) return;
				this.clock.enter();
				wake();
			},
			closed: (error) => {
				if (error === null) return;
				this.clock.enter();
				this.destroy(error);
			},
		};
	}

	#whenConnected(then: () => void): void {
		if (this.established) then();
		else this.once("connect", then);
	}

	/** Hands over what has arrived, until the reader has enough. */
	#pull(): void {
		for (;;) {
			if (this.destroyed || (this.readableLength > 0 && this.readableLength >= this.readableHighWaterMark))
				return;
			const data = this.connection?.read();
			if (data === undefined) return;
			if (data === null) {
				if (!this.#ended) this.push(null);
				this.#ended = true;
				return;
			}
			this.readCount += data.length;
			if (!this.push(data)) return;
		}
	}
}
