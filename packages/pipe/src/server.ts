import { readFileSync } from "node:fs";
import type { AddressInfo, Socket, Server as TcpServer } from "node:net";
import { DeadlineTimer } from "@p2pd/net";
import { DESCRIPTOR_LIMIT, DESCRIPTOR_RESERVE } from "./defaults.js";
import { type Counters, newCounters } from "./delivery.js";
import { PipeClosedError } from "./errors.js";
import { Fifo } from "./fifo.js";
import { Lifecycle, type LifecycleOwner, type PipeInit } from "./lifecycle.js";
import { Waiters } from "./subscription/waiters.js";
import type { Secured, TlsAcceptor } from "./tls/acceptor.js";
import type { PipeTlsInfo } from "./tls/types.js";
import { TcpTransport } from "./transport/tcp.js";
import type { Transport } from "./transport/types.js";
import type { Pipe, PipeEndReason, PipePeer } from "./types.js";

/** The connections that all servers of this process have. */
let connectionsOfProcess = 0;

/** What a server is made with, besides what every pipe is made with. */
export interface ServerParts {
	/** Listening already. */
	readonly socket: TcpServer;
	/** Does the handshakes, for connections over TLS. */
	readonly tls: TlsAcceptor | null;
	/** Makes the pipe of a connection, and opens it. */
	makePipe(init: PipeInit, transport: Transport): Pipe;
}

/** A listening TCP socket: makes pipes of its connections, and keeps them for `accept()`. */
export class Server implements LifecycleOwner {
	readonly pipe: Pipe;
	readonly life: Lifecycle;
	readonly counters: Counters = newCounters();
	readonly deadline: DeadlineTimer;
	readonly remote = null;
	readonly lostError = null;
	readonly local: PipePeer;
	readonly #parts: ServerParts;
	readonly #open = new Set<Pipe>();
	readonly #queue = new Fifo<Pipe>();
	readonly #waiters = new Waiters<Pipe>();
	#isClosed = false;

	constructor(pipe: Pipe, init: PipeInit, parts: ServerParts) {
		this.pipe = pipe;
		this.#parts = parts;
		// A listening TCP socket's address is neither a path nor null.
		const { address, port } = parts.socket.address() as AddressInfo;
		this.local = [address, port];
		this.deadline = new DeadlineTimer(init.settings.clock, this);
		this.life = new Lifecycle(init, this);
		parts.tls?.start((secured) => this.#secured(secured));
		parts.socket.on("connection", this.#take);
		parts.socket.on("error", this.#report);
		parts.socket.on("close", this.#onClose);
	}

	get socket(): TcpServer {
		return this.#parts.socket;
	}

	/** The connections that are open. */
	get pipes(): ReadonlySet<Pipe> {
		return this.#open;
	}

	/**
	 * The next connection, or null after the timeout.
	 *
	 * @throws PipeClosedError if the server has ended and none is queued
	 */
	next(timeout: number, signal: AbortSignal | undefined): Promise<Pipe | null> {
		const pipe = this.#queue.shift();
		if (pipe !== undefined) return Promise.resolve(pipe);
		const { reason } = this.life;
		if (reason !== null) return Promise.reject(new PipeClosedError(reason));
		const deadline = this.deadline.add(timeout);
		return new Promise((resolve, reject) => this.#waiters.add({ resolve, reject, deadline }, signal));
	}

	expire(now: number): number {
		return this.#waiters.expire(now);
	}

	/** Whether the listening socket alone keeps the process alive. */
	keepAlive(alive: boolean): void {
		if (alive) this.socket.ref();
		else this.socket.unref();
	}

	/** Takes the listeners off the socket, which stays open, and closes the connections. */
	release(): void {
		this.socket.off("connection", this.#take);
		this.socket.off("error", this.#report);
		this.socket.off("close", this.#onClose);
		this.#closeAll(this.life.init.settings.linger).catch((error: unknown) =>
			this.life.report(error as Error),
		);
	}

	letGo(reason: PipeEndReason): void {
		this.#queue.clear();
		this.#waiters.rejectAll(new PipeClosedError(reason));
		this.#parts.tls?.close();
		this.deadline.clear();
	}

	async shut(linger: number): Promise<void> {
		// The kernel stops listening at once, but Node only reports it once the connections are closed.
		const closing = this.#close();
		await this.#closeAll(linger);
		await closing;
	}

	#close(): Promise<void> {
		if (this.#isClosed) return Promise.resolve();
		return new Promise((resolve) => {
			this.socket.once("close", resolve);
			if (this.socket.listening) this.socket.close();
		});
	}

	async #closeAll(linger: number): Promise<void> {
		await Promise.all([...this.#open].map((pipe) => pipe.close({ linger })));
	}

	/** Callbacks have the pipes already. The queue then only keeps the most recent ones for `accept()`. */
	get #pushed(): boolean {
		return this.life.connects.size + this.life.messages.size > 0;
	}

	get #queueFull(): boolean {
		return this.#queue.length >= this.life.init.settings.acceptQueue;
	}

	/** Whether another connection is allowed. The default counts the connections of all servers together. */
	get #admits(): boolean {
		const { maxConnections } = this.life.init.settings;
		if (maxConnections !== null) return this.#open.size < maxConnections;
		return connectionsOfProcess < defaultMaxConnections();
	}

	/** Takes a connection that the kernel accepted. */
	readonly #take = (socket: Socket): void => {
		if (this.life.state === "open" && this.#admits && (this.#pushed || !this.#queueFull)) {
			if (this.#parts.tls === null) this.#add(socket, null);
			else this.#parts.tls.take(socket);
			return;
		}
		this.#refuse(socket);
	};

	#refuse(socket: Socket): void {
		this.counters.refused++;
		socket.destroy();
	}

	#secured(secured: Secured): void {
		if ("socket" in secured) {
			// Others may have taken the last place during the handshake.
			if (this.life.state === "open" && this.#admits) this.#add(secured.socket, secured.info);
			else this.#refuse(secured.socket);
			return;
		}
		// Any stranger can fail a handshake: it is counted, and reported only to error callbacks.
		this.counters.refused++;
		if (this.life.errors.length > 0) this.life.report(secured.error);
	}

	#add(socket: Socket, tls: PipeTlsInfo | null): void {
		const { connects, ends, errors, init, messages } = this.life;
		const { settings } = init;
		const pipe = this.#parts.makePipe(
			{
				protocol: "tcp",
				role: "accepted",
				settings,
				nic: init.nic,
				callbacks: { message: messages.list, connect: connects.list, end: ends.list, error: errors },
				signal: null,
				tls,
				onClosed: this.#remove,
			},
			new TcpTransport(socket, settings, null),
		);
		// A connect callback may have closed it already.
		if (pipe.state === "closed") return;
		this.#open.add(pipe);
		connectionsOfProcess++;
		const waiter = this.#waiters.shift();
		if (waiter !== undefined) {
			waiter.resolve(pipe);
			return;
		}
		if (this.#queueFull) this.#queue.shift();
		this.#queue.push(pipe);
	}

	readonly #remove = (pipe: Pipe): void => {
		if (!this.#open.delete(pipe)) return;
		connectionsOfProcess--;
		if (this.#pushed) this.#queue.remove(pipe);
	};

	/** Such as no descriptor left to accept with. The server goes on listening. */
	readonly #report = (error: Error): void => this.life.report(error);
	readonly #onClose = (): void => {
		this.#isClosed = true;
		this.life.closeReported({ kind: "local", error: null });
	};
}

let limit: number | null = null;

/** How many descriptors this process may have open. Read once: Node raises its own limit before the program starts. */
function descriptorLimit(): number {
	limit ??= readLimit();
	return limit;
}

/**
 * The connections that all servers of this process together may have by default: what the limit of descriptors allows,
 * less a reserve (at most half of it), so that the process can still open files, resolve names and connect.
 */
function defaultMaxConnections(): number {
	const all = descriptorLimit();
	return Math.max(1, all - Math.min(DESCRIPTOR_RESERVE, Math.floor(all / 2)));
}

function readLimit(): number {
	if (process.platform === "win32") return Number.POSITIVE_INFINITY;
	try {
		// Max open files            1024                 1048576              files
		const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "latin1"));
		const soft = found?.[1] === "unlimited" ? Number.POSITIVE_INFINITY : Number(found?.[1]);
		return Number.isNaN(soft) ? DESCRIPTOR_LIMIT : soft;
	} catch {
		// macOS and the BSDs have no such file.
		return DESCRIPTOR_LIMIT;
	}
}
