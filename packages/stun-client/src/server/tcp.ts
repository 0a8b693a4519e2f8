import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Clock, type Endpoint, systemClock } from "@p2pd/net";
import {
	SERVER_IDLE_TIMEOUT,
	SERVER_MAX_CONNECTIONS,
	SERVER_MAX_CONNECTIONS_PER_SOURCE,
} from "../defaults.js";
import { StunDecodeError } from "../errors.js";
import { StunFramer } from "../transport/stream.js";
import { sourceOf } from "./rate-limit.js";
import type { Responder } from "./responder.js";
import type { StunServerDeps, StunServerOptions } from "./types.js";

/** Bytes of replies that may wait for a client that does not read. Beyond it the connection is closed. */
const MAX_UNREAD = 64 * 1024;

/** The open connections of all listeners of one server, with their limits. */
class Connections {
	readonly #max: number;
	readonly #maxPerSource: number;
	readonly #open = new Set<Socket>();
	readonly #bySource = new Map<string, number>();

	constructor(max: number, maxPerSource: number) {
		this.#max = max;
		this.#maxPerSource = maxPerSource;
	}

	/** Takes a connection, or returns false if there are too many. */
	add(socket: Socket): boolean {
		const source = sourceOf(socket.remoteAddress ?? "");
		const held = this.#bySource.get(source) ?? 0;
		if (this.#open.size >= this.#max || held >= this.#maxPerSource) return false;
		this.#open.add(socket);
		this.#bySource.set(source, held + 1);
		socket.once("close", () => {
			this.#open.delete(socket);
			const left = (this.#bySource.get(source) ?? 1) - 1;
			if (left > 0) this.#bySource.set(source, left);
			else this.#bySource.delete(source);
		});
		return true;
	}

	destroyAll(): void {
		for (const socket of this.#open) socket.destroy();
	}
}

/**
 * Answers the messages of one connection. It is closed when a whole message takes too long, when the bytes are not STUN,
 * when the client asks too often, and when it does not read its answers.
 */
function serve(socket: Socket, address: Endpoint, responder: Responder, timeout: number, clock: Clock): void {
	const framer = new StunFramer();
	const ip = socket.remoteAddress ?? "";
	const port = socket.remotePort ?? 0;
	// Only a whole message counts: single bytes would hold a connection for ever.
	const startTimer = (): unknown => clock.setTimeout(() => socket.destroy(), timeout);
	let timer = startTimer();
	const receive = (message: Buffer): void => {
		clock.clearTimeout(timer);
		timer = startTimer();
		const reply = responder.reply(message, ip, port, address);
		// Closing tells the client, where silence would make it wait.
		if (reply === "limited") socket.destroy();
		// The bytes are used again for later replies, and a connection may hold them for longer.
		else if (reply !== null) {
			socket.write(Buffer.from(reply.data));
			reply.sent();
		}
	};
	socket.on("data", (chunk) => {
		try {
			for (const message of framer.push(chunk)) {
				if (socket.destroyed) break;
				receive(message);
			}
		} catch (error) {
			if (!(error instanceof StunDecodeError)) throw error;
			socket.destroy();
		}
		if (socket.writableLength > MAX_UNREAD) socket.destroy();
	});
	socket.on("end", () => socket.end());
	// A reset by the client is no error of the server. "close" follows.
	socket.on("error", () => socket.destroy());
	socket.on("close", () => clock.clearTimeout(timer));
}

/**
 * Serves RFC 8489 over TCP on some addresses. The limits of connections hold for all of them together.
 *
 * @throws the system's error if an address cannot be bound; nothing stays open then
 */
export async function listenTcp(
	addresses: readonly Endpoint[],
	responder: Responder,
	options: StunServerOptions,
	{ clock = systemClock, onError = (error) => process.emitWarning(error) }: StunServerDeps,
): Promise<{ close(): Promise<void> }> {
	const {
		maxConnections = SERVER_MAX_CONNECTIONS,
		maxConnectionsPerSource = SERVER_MAX_CONNECTIONS_PER_SOURCE,
		idleTimeout = SERVER_IDLE_TIMEOUT,
	} = options;
	const connections = new Connections(maxConnections, maxConnectionsPerSource);
	const servers: Server[] = [];
	const close = async (): Promise<void> => {
		const closed = servers.map(async (server) => {
			const event = once(server, "close");
			server.close();
			await event;
		});
		connections.destroyAll();
		await Promise.all(closed);
	};
	try {
		for (const address of addresses) {
			const server = createServer((socket) => {
				if (connections.add(socket)) serve(socket, address, responder, idleTimeout, clock);
				else socket.destroy();
			});
			const listening = once(server, "listening");
			server.listen({ port: address.port, host: address.ip, ipv6Only: true });
			await listening;
			server.on("error", onError);
			servers.push(server);
		}
		return { close };
	} catch (error) {
		await close();
		throw error;
	}
}
