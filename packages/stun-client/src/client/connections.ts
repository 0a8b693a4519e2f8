import { setMaxListeners } from "node:events";
import { abortable, type Clock, type Endpoint, endpointText } from "@p2pd/net";
import { StunClosedError, StunNetworkError, StunTimeoutError } from "../errors.js";
import type { StunReply } from "../transport/types.js";
import { type ExchangeRequest, ServerExchange } from "./exchange.js";
import { type OpenTransport, openStream, openUdp } from "./open.js";
import type { StunClientDeps, StunClientOptions, StunClientServer } from "./types.js";

/** An answer, and the local address of the socket that received it. */
export interface ClientAnswer {
	readonly reply: StunReply;
	readonly local: Endpoint;
}

interface Connection {
	readonly open: OpenTransport;
	readonly exchange: ServerExchange;
}

/**
 * The sockets of a client. One UDP socket serves all servers; a connection serves one server. Each is opened when first
 * needed, and again after it failed.
 */
export class ClientConnections {
	readonly #options: StunClientOptions;
	readonly #deps: StunClientDeps;
	readonly #clock: Clock;
	readonly #reliable: boolean;
	readonly #closing = new AbortController();
	readonly #connections = new Map<string, Promise<Connection>>();
	#udp: Promise<OpenTransport> | undefined;

	constructor(options: StunClientOptions, deps: StunClientDeps, clock: Clock) {
		this.#options = options;
		this.#deps = deps;
		this.#clock = clock;
		this.#reliable = (options.transport ?? "udp") !== "udp";
		// Every running request listens to this signal, so many listeners are not a leak.
		setMaxListeners(0, this.#closing.signal);
	}

	/** Aborts when the client is closed. */
	get closing(): AbortSignal {
		return this.#closing.signal;
	}

	/** Sends a request to a server. Throws what `ServerExchange.ask` and the opening of a socket throw. */
	async ask(
		server: StunClientServer,
		request: ExchangeRequest & { readonly signal: AbortSignal },
	): Promise<ClientAnswer> {
		const { open, exchange } = await abortable(this.#connectionTo(server, request.deadline), request.signal);
		try {
			const reply = await exchange.ask(request);
			return { reply, local: open.transport.local() };
		} catch (error) {
			// The next request opens a new connection.
			if (error instanceof StunNetworkError && this.#reliable) {
				this.#connections.delete(endpointText(server));
				await open.close();
			}
			throw error;
		}
	}

	/** Closes all sockets that were opened here. Running requests fail with ERR_STUN_CLOSED. */
	async close(): Promise<void> {
		this.#closing.abort(new StunClosedError("the STUN client"));
		const connections = await Promise.allSettled(this.#connections.values());
		const opened = new Set<OpenTransport>();
		for (const connection of connections)
			if (connection.status === "fulfilled") opened.add(connection.value.open);
		await Promise.all([...opened].map((open) => open.close()));
	}

	async #connectionTo(server: StunClientServer, deadline: number): Promise<Connection> {
		const key = endpointText(server);
		const known = this.#connections.get(key);
		if (known !== undefined) return known;
		const connection = this.#open(server, deadline);
		this.#connections.set(key, connection);
		try {
			return await connection;
		} catch (error) {
			this.#connections.delete(key);
			throw error;
		}
	}

	async #open(server: StunClientServer, deadline: number): Promise<Connection> {
		const { mode = "rfc8489", credentials, fingerprint = false } = this.#options;
		const open = this.#reliable ? await this.#openStream(server, deadline) : await this.#openUdp();
		const exchange = new ServerExchange({
			transport: open.transport,
			reliable: this.#reliable,
			server: { ip: server.ip, port: server.port },
			mode,
			credentials,
			fingerprint,
			clock: this.#clock,
		});
		return { open, exchange };
	}

	#openUdp(): Promise<OpenTransport> {
		this.#udp ??= openUdp(this.#options, this.#deps, this.closing).catch((error: unknown) => {
			this.#udp = undefined;
			throw error;
		});
		return this.#udp;
	}

	async #openStream(server: StunClientServer, deadline: number): Promise<OpenTransport> {
		const late = new AbortController();
		const left = Math.max(0, deadline - this.#clock.now());
		const timer = this.#clock.setTimeout(() => late.abort(new StunTimeoutError(server, 0, left)), left);
		try {
			const signal = AbortSignal.any([this.closing, late.signal]);
			return await openStream(this.#options, server, this.#deps, signal);
		} finally {
			this.#clock.clearTimeout(timer);
		}
	}
}
