import { type AddressInfo, Server, type Socket } from "node:net";
import type { Endpoint } from "@p2pd/net";
import { MAX_ATTEMPTS } from "../defaults.js";
import { stateError } from "./send-arguments.js";

/** What a relayed server is made of. */
export interface RelayedServerParts {
	readonly relayed: Endpoint;
	readonly backlog: number;
	/** Takes a peer's connection (ConnectionBind). */
	take(connectionId: number, peer: Endpoint): Promise<Socket>;
	keepAlive(alive: boolean): void;
	/** Gives the allocation back. */
	closed(): Promise<void>;
}

/**
 * A TCP server at a relayed address (RFC 6062), with the methods, events and states of Node's `net.Server`. It listens
 * from the start. Peers reach it once their IP was permitted.
 */
export class RelayedServer extends Server {
	readonly #parts: RelayedServerParts;
	readonly #sockets = new Set<Socket>();
	/** Peers' connections that are being taken. */
	#taking = 0;
	#state: "listening" | "closing" | "closed" = "listening";

	constructor(parts: RelayedServerParts) {
		super();
		this.#parts = parts;
		// Node declares it as a property, so it cannot be overridden by an accessor.
		Object.defineProperty(this, "listening", { get: () => this.#state === "listening", configurable: true });
	}

	override listen(): this {
		throw stateError(
			"ERR_SERVER_ALREADY_LISTEN",
			"Listen method has been called more than once without closing.",
		);
	}

	override address(): AddressInfo | null {
		if (this.#state !== "listening") return null;
		const { ip, port } = this.#parts.relayed;
		return { address: ip, port, family: ip.includes(":") ? "IPv6" : "IPv4" };
	}

	/** Takes no more connections. It is closed once those that it has are. */
	override close(callback?: (error?: Error) => void): this {
		if (this.#state !== "listening") {
			if (callback !== undefined) {
				this.once("close", () => callback(stateError("ERR_SERVER_NOT_RUNNING", "Server is not running.")));
			}
			if (this.#state === "closed") process.nextTick(() => this.emit("close"));
			return this;
		}
		if (callback !== undefined) this.once("close", () => callback());
		this.#state = "closing";
		this.#closeIfIdle();
		return this;
	}

	override getConnections(callback: (error: Error | null, count: number) => void): this {
		process.nextTick(callback, null, this.#sockets.size);
		return this;
	}

	override ref(): this {
		this.#parts.keepAlive(true);
		return this;
	}

	override unref(): this {
		this.#parts.keepAlive(false);
		return this;
	}

	/** A peer has connected to the relay. What is not taken the server drops after 30 s. */
	attempt(connectionId: number, peer: Endpoint): void {
		if (this.#state !== "listening" || this.#taking >= this.#parts.backlog) return;
		if (this.maxConnections !== undefined && this.#sockets.size + this.#taking >= this.maxConnections) {
			this.emit("drop", { remoteAddress: peer.ip, remotePort: peer.port });
			return;
		}
		this.#taking++;
		this.#parts.take(connectionId, peer).then(
			(socket) => {
				this.#taking--;
				this.#add(socket);
			},
			() => {
				// The peer gave up, or the server dropped it: as if it had never been in the backlog.
				this.#taking--;
				this.#closeIfIdle();
			},
		);
	}

	/** The allocation is lost. */
	lost(error: Error): void {
		if (this.#state === "closed") return;
		for (const socket of [...this.#sockets]) socket.destroy(error);
		if (this.#state === "listening") {
			this.#state = "closing";
			this.#closeIfIdle();
			this.emit("error", error);
		}
	}

	/** Closes it and its connections. */
	shut(): void {
		if (this.#state === "listening") this.close();
		for (const socket of [...this.#sockets]) socket.destroy();
	}

	#add(socket: Socket): void {
		if (this.#state !== "listening" || socket.destroyed) {
			socket.destroy();
			this.#closeIfIdle();
			return;
		}
		this.#sockets.add(socket);
		socket.once("close", () => {
			this.#sockets.delete(socket);
			this.#closeIfIdle();
		});
		this.emit("connection", socket);
	}

	#closeIfIdle(): void {
		if (this.#state !== "closing" || this.#sockets.size > 0 || this.#taking > 0) return;
		this.#state = "closed";
		void this.#parts.closed().then(() => this.emit("close"));
	}
}

/** Connections that wait to be taken, at most. */
export function backlogOf(backlog: number | undefined): number {
	return backlog === undefined ? MAX_ATTEMPTS : Math.min(backlog, MAX_ATTEMPTS);
}
