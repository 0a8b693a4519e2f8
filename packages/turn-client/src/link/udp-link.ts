import type { Socket } from "node:dgram";
import type { Endpoint, SocketFactory } from "@p2pd/net";
import { PADDING } from "../codec/data.js";
import { errnoOf, TurnNetworkError } from "../errors.js";
import type { Link, LinkHandlers, SendCallback } from "./types.js";

/**
 * Opens a UDP socket that is connected to the server: the kernel then drops what others send, tells of ICMP errors,
 * and looks up no route for each datagram.
 *
 * @throws {TurnNetworkError} ERR_TURN_NETWORK; the signal's reason
 */
export async function openUdpLink(
	sockets: SocketFactory,
	server: Endpoint,
	signal: AbortSignal | undefined,
): Promise<Link> {
	let socket: Socket;
	try {
		socket = await sockets.udp({ to: server.ip, ...(signal !== undefined && { signal }) });
	} catch (error) {
		signal?.throwIfAborted();
		throw networkError(server, error);
	}
	try {
		await connected(socket, server);
	} catch (error) {
		socket.close();
		throw networkError(server, error);
	}
	return new UdpLink(socket, server);
}

function connected(socket: Socket, { ip, port }: Endpoint): Promise<void> {
	return new Promise((resolve, reject) => {
		const onError = (error: Error): void => reject(error);
		socket.once("error", onError);
		// Node reports a refused connect by the callback or by the event, depending on where it fails.
		socket.connect(port, ip, ((error?: Error) => {
			socket.off("error", onError);
			if (error === undefined || error === null) resolve();
			else reject(error);
		}) as () => void);
	});
}

function networkError(server: Endpoint, error: unknown): Error {
	return error instanceof Error
		? new TurnNetworkError(server, errnoOf(error), error)
		: new TurnNetworkError(server, "EIO", error);
}

class UdpLink implements Link {
	readonly reliable = false;
	readonly server: Endpoint;
	readonly local: Endpoint;
	readonly #socket: Socket;
	#handlers: LinkHandlers | null = null;
	#closed: Promise<void> | null = null;

	constructor(socket: Socket, server: Endpoint) {
		this.#socket = socket;
		this.server = server;
		const { address, port } = socket.address();
		this.local = { ip: address, port };
	}

	start(handlers: LinkHandlers): void {
		this.#handlers = handlers;
		this.#socket.on("message", handlers.packet);
		this.#socket.on("error", this.#onError);
		this.#socket.on("close", this.#onClose);
	}

	send(bytes: Buffer): void {
		if (this.#closed === null) this.#socket.send(bytes, this.#sent);
	}

	sendData(header: Buffer, payload: Uint8Array, padding: number, callback: SendCallback | null): void {
		const filler = PADDING[padding];
		const parts = padding === 0 || filler === undefined ? [header, payload] : [header, payload, filler];
		this.#socket.send(parts, callback ?? this.#sent);
	}

	queued(): { bytes: number; count: number } {
		return { bytes: this.#socket.getSendQueueSize(), count: this.#socket.getSendQueueCount() };
	}

	keepAlive(alive: boolean): void {
		if (alive) this.#socket.ref();
		else this.#socket.unref();
	}

	close(): Promise<void> {
		this.#closed ??= new Promise((resolve) => {
			this.#handlers = null;
			this.#socket.removeAllListeners("message");
			this.#socket.off("close", this.#onClose);
			this.#socket.close(() => resolve());
		});
		return this.#closed;
	}

	readonly #sent = (error: Error | null): void => {
		if (error) this.#onError(error);
	};

	readonly #onError = (error: Error): void => {
		this.#handlers?.trouble(new TurnNetworkError(this.server, errnoOf(error), error));
	};

	/** Somebody else closed it. */
	readonly #onClose = (): void => {
		this.#closed = Promise.resolve();
		this.#handlers?.ended(new TurnNetworkError(this.server, "ECONNABORTED"));
	};
}
