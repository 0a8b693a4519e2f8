import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Endpoint, systemClock } from "@p2pd/net";
import { SERVER_IDLE_TIMEOUT, SERVER_MAX_CONNECTIONS } from "../defaults.js";
import { StunDecodeError } from "../errors.js";
import { StunFramer } from "../transport/stream.js";
import type { StunResponder, StunServerDeps, StunServerOptions } from "./types.js";

/** Bytes of replies that may wait for a peer that does not read; past it the connection is closed. */
const MAX_UNREAD = 64 * 1024;

/** Answers the messages of one connection until it is closed, silent for too long, or sends what is no STUN. */
function serve(
	socket: Socket,
	address: Endpoint,
	respond: StunResponder,
	idle: () => unknown,
	clear: (timer: unknown) => void,
): void {
	const framer = new StunFramer();
	const from = { ip: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
	let timer = idle();
	socket.on("data", (chunk) => {
		clear(timer);
		timer = idle();
		try {
			for (const message of framer.push(chunk)) {
				for (const { data } of respond(message, from, address)) socket.write(data);
			}
		} catch (error) {
			if (!(error instanceof StunDecodeError)) throw error;
			socket.destroy();
		}
		if (socket.writableLength > MAX_UNREAD) socket.destroy();
	});
	socket.on("end", () => socket.end());
	// A reset is the peer's affair; "close" follows.
	socket.on("error", () => socket.destroy());
	socket.on("close", () => clear(timer));
}

/**
 * Serves RFC 8489 over TCP on one address.
 *
 * @throws the system's error when the address cannot be bound
 */
export async function listenTcp(
	address: Endpoint,
	respond: StunResponder,
	{ maxConnections = SERVER_MAX_CONNECTIONS, idleTimeout = SERVER_IDLE_TIMEOUT }: StunServerOptions,
	{ clock = systemClock, onError = (error) => process.emitWarning(error) }: StunServerDeps,
): Promise<{ close(): Promise<void> }> {
	const open = new Set<Socket>();
	const server: Server = createServer((socket) => {
		open.add(socket);
		socket.on("close", () => open.delete(socket));
		const idle = (): unknown => clock.setTimeout(() => socket.destroy(), idleTimeout);
		serve(socket, address, respond, idle, (timer) => clock.clearTimeout(timer));
	});
	server.maxConnections = maxConnections;
	const listening = once(server, "listening");
	server.listen({ port: address.port, host: address.ip, ipv6Only: true });
	await listening;
	server.on("error", onError);
	return {
		close: async () => {
			const closed = once(server, "close");
			server.close();
			for (const socket of open) socket.destroy();
			await closed;
		},
	};
}
