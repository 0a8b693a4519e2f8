import { EventEmitter } from "node:events";
import type { AddressInfo, Server } from "node:net";
import type { Nic } from "../nic.js";
import type { TcpPacket } from "../packet.js";
import { checkPort } from "../udp-arguments.js";
import type { TcpConnection } from "./connection.js";
import type { TcpStack } from "./stack.js";
import { TcpSocket } from "./tcp-socket.js";

/** What a server is made with. */
export interface TcpServerParts {
	readonly stack: TcpStack;
	/** Accepts from this NIC only. @default null */
	readonly nic?: Nic | null;
	/** @default false */
	readonly reuse?: boolean;
	/** Of the sockets it makes, as in `net.createServer`. @default false */
	readonly allowHalfOpen?: boolean;
}

/** A TCP server of an in-memory host, with the methods and events of Node's `net.Server`. */
export class TcpServer extends EventEmitter implements Server {
	/** Connections beyond so many are reset, with the event `drop`. */
	maxConnections = Number.POSITIVE_INFINITY;
	readonly #parts: TcpServerParts;
	readonly #sockets = new Set<TcpSocket>();
	#bound: { readonly address: AddressInfo; readonly close: () => void } | null = null;
	#closing = false;

	constructor(parts: TcpServerParts) {
		super();
		this.#parts = parts;
	}

	get listening(): boolean {
		return this.#bound !== null;
	}

	get connections(): number {
		return this.#sockets.size;
	}

	listen(...args: unknown[]): this {
		if (this.#bound !== null) {
			throw Object.assign(new Error("Listen method has been called more than once"), {
				code: "ERR_SERVER_ALREADY_LISTEN",
			});
		}
		const listener = args.find((value) => typeof value === "function") as (() => void) | undefined;
		const [first, second] = args;
		const options =
			typeof first === "object" && first !== null
				? (first as { port?: number; host?: string })
				: { port: first as number | undefined, host: second };
		if (listener !== undefined) this.once("listening", listener);
		const port = typeof options.port === "number" ? checkPort(options.port, true) : 0;
		try {
			this.#bind(typeof options.host === "string" ? options.host : "0.0.0.0", port);
		} catch (error) {
			process.nextTick(() => this.emit("error", error));
			return this;
		}
		process.nextTick(() => {
			if (this.listening) this.emit("listening");
		});
		return this;
	}

	address(): AddressInfo | null {
		return this.#bound?.address ?? null;
	}

	close(callback?: (error?: Error) => void): this {
		if (this.#bound === null) {
			const error = Object.assign(new Error("Server is not running."), { code: "ERR_SERVER_NOT_RUNNING" });
			if (callback !== undefined) process.nextTick(callback, error);
			return this;
		}
		if (callback !== undefined) this.once("close", () => callback());
		this.#bound.close();
		this.#bound = null;
		this.#closing = true;
		this.#closeIfEmpty();
		return this;
	}

	[Symbol.asyncDispose](): Promise<void> {
		if (!this.listening) return Promise.resolve();
		return new Promise((resolve, reject) =>
			this.close((error) => (error === undefined ? resolve() : reject(error))),
		);
	}

	getConnections(callback: (error: Error | null, count: number) => void): this {
		process.nextTick(callback, null, this.#sockets.size);
		return this;
	}

	/** An in-memory server never keeps the process alive. */
	ref(): this {
		return this;
	}

	/** An in-memory server never keeps the process alive. */
	unref(): this {
		return this;
	}

	#bind(host: string, port: number): void {
		const { stack, reuse = false } = this.#parts;
		const { ip, nic: zone } = stack.ip.parse(host, "listen");
		const af = ip.includes(":") ? 6 : 4;
		const nic = this.#parts.nic ?? zone;
		const claim = { af, localIp: ip, port, nic, reuse } as const;
		const bound = stack.listen(claim, (connection, syn) => this.#accept(connection, syn));
		const address = { address: stack.ip.withZone(ip, nic), port: bound.port, family: `IPv${af}` };
		this.#bound = { address, close: bound.close };
	}

	#accept(connection: TcpConnection, syn: TcpPacket): void {
		const { stack, allowHalfOpen = false } = this.#parts;
		if (this.#sockets.size >= this.maxConnections) {
			this.#turnAway(connection, syn);
			return;
		}
		const socket = new TcpSocket({ stack, allowHalfOpen });
		const user = socket.adopt(connection, () => {
			this.#sockets.add(socket);
			socket.once("close", () => {
				this.#sockets.delete(socket);
				this.#closeIfEmpty();
			});
			this.emit("connection", socket);
		});
		// A handshake that failed is not reported: the socket was never handed out.
		connection.answer(
			{ ...user, closed: (error) => (this.#sockets.has(socket) ? user.closed(error) : undefined) },
			syn,
		);
	}

	/** As Node does it: the kernel has accepted, and then the connection is closed. */
	#turnAway(connection: TcpConnection, syn: TcpPacket): void {
		const { local, remote } = connection;
		const connected = (): void => {
			connection.abort();
			this.#parts.stack.ip.fabric.clock.enter();
			this.emit("drop", {
				localAddress: local.ip,
				localPort: local.port,
				remoteAddress: remote.ip,
				remotePort: remote.port,
			});
		};
		const nothing = (): void => undefined;
		connection.answer({ connected, readable: nothing, writable: nothing, closed: nothing }, syn);
	}

	#closeIfEmpty(): void {
		if (!this.#closing || this.#sockets.size > 0) return;
		this.#closing = false;
		process.nextTick(() => this.emit("close"));
	}
}
