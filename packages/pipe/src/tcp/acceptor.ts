import type { Socket } from "node:net";
import type { PipeCore } from "../core/pipe-core.js";
import type { PipeInit } from "../core/pipe-init.js";
import type { Pipe } from "../pipe.js";
import type { Secured, TlsAcceptor } from "../tls/tls-acceptor.js";
import type { TlsInfo } from "../tls/types.js";
import type { EndReason } from "../types.js";
import { AcceptQueue } from "./accept-queue.js";
import { TcpTransport } from "./tcp-transport.js";

/** What a TCP server does with its connections: makes pipes of them, and keeps them for `accept()`. */
export class Acceptor {
	readonly #core: PipeCore;
	readonly #make: (init: PipeInit) => Pipe;
	readonly #queue: AcceptQueue<Pipe>;
	readonly #open = new Set<Pipe>();
	readonly #tls: TlsAcceptor | null;

	/**
	 * @param make makes a pipe, and opens it
	 * @param tls does the handshakes, where connections are to be in TLS
	 */
	constructor(core: PipeCore, make: (init: PipeInit) => Pipe, tls: TlsAcceptor | null) {
		this.#core = core;
		this.#make = make;
		this.#tls = tls;
		this.#queue = new AcceptQueue(core.settings.acceptQueue);
		tls?.start((secured) => this.#secured(secured));
	}

	/** The connections that are open. */
	get pipes(): ReadonlySet<Pipe> {
		return this.#open;
	}

	/** Takes a connection that the kernel accepted. */
	take(socket: Socket): void {
		if (this.#core.life.state === "open" && !(this.#queue.full && !this.#pushed)) {
			if (this.#tls === null) this.#add(socket, null);
			else this.#tls.take(socket);
			return;
		}
		this.#core.counters.refused++;
		socket.destroy();
	}

	next(deadline: number, signal?: AbortSignal): Promise<Pipe | null> {
		return this.#queue.next(deadline, signal);
	}

	expire(now: number): number {
		return this.#queue.expire(now);
	}

	end(reason: EndReason): void {
		this.#queue.end(reason);
		this.#tls?.close();
	}

	/** Closes every connection. */
	async close(linger: number): Promise<void> {
		await Promise.all([...this.#open].map((pipe) => pipe.close({ linger })));
	}

	/** Callbacks have the pipes already; the queue then only keeps the most recent ones for `accept()`. */
	get #pushed(): boolean {
		return this.#core.connects.size + this.#core.messages.size > 0;
	}

	#secured(secured: Secured): void {
		if ("socket" in secured) {
			this.#add(secured.socket, secured.info);
			return;
		}
		// Any stranger can fail a handshake: it is counted, and told only to who asked for errors.
		this.#core.counters.refused++;
		if (this.#core.errors.length > 0) this.#core.report(secured.error);
	}

	#add(socket: Socket, tls: TlsInfo | null): void {
		const { connects, ends, errors, messages, settings } = this.#core;
		const pipe = this.#make({
			protocol: "tcp",
			role: "accepted",
			settings,
			socket,
			nic: this.#core.init.nic,
			callbacks: { message: messages.list, connect: connects.list, end: ends.list, error: errors },
			signal: null,
			tls,
			parts(core) {
				const transport = new TcpTransport(socket, core, settings, null);
				return { transport, data: transport };
			},
			onClosed: this.#remove,
		});
		this.#open.add(pipe);
		this.#queue.push(pipe);
	}

	readonly #remove = (pipe: Pipe): void => {
		this.#open.delete(pipe);
		if (this.#pushed) this.#queue.remove(pipe);
	};
}
