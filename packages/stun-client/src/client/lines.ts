import { setMaxListeners } from "node:events";
import { StunClosedError, StunNetworkError, StunTimeoutError } from "../errors.js";
import type { StunSocketDeps } from "../socket/stun-socket.js";
import type { StunReply } from "../socket/types.js";
import type { Clock, HostPort } from "../types.js";
import { Conversation, type Question } from "./conversation.js";
import { type OpenTransport, openStream, openUdp } from "./open-transport.js";
import type { ClientServer, StunClientOptions } from "./types.js";

/** An answer, and the local end of the socket that got it. */
export interface LineAnswer {
	readonly reply: StunReply;
	readonly local: HostPort;
}

interface Line {
	readonly open: OpenTransport;
	readonly conversation: Conversation;
}

/** The text under which a server is kept. */
export const serverKey = ({ ip, port }: HostPort): string => `${ip} ${port}`;

/**
 * A client's lines to servers: one UDP socket serves every server, a connection serves its own. Each is opened when
 * it is first needed, and anew after it failed.
 */
export class ClientLines {
	readonly #options: StunClientOptions;
	readonly #deps: StunSocketDeps;
	readonly #clock: Clock;
	readonly #reliable: boolean;
	readonly #closing = new AbortController();
	readonly #lines = new Map<string, Promise<Line>>();
	#udp: Promise<OpenTransport> | undefined;

	constructor(options: StunClientOptions, deps: StunSocketDeps, clock: Clock) {
		this.#options = options;
		this.#deps = deps;
		this.#clock = clock;
		this.#reliable = (options.transport ?? "udp") !== "udp";
		// Each request under way listens for the closing: many at once are no leak.
		setMaxListeners(0, this.#closing.signal);
	}

	/** Aborted when this is closed. */
	get closing(): AbortSignal {
		return this.#closing.signal;
	}

	/** Asks a server over its line. Throws as `Conversation.ask`, and what opening the line throws. */
	async ask(
		server: ClientServer,
		question: Question & { readonly signal: AbortSignal },
	): Promise<LineAnswer> {
		const { open, conversation } = await orAborted(this.#lineTo(server, question.deadline), question.signal);
		try {
			const reply = await conversation.ask(question);
			return { reply, local: open.transport.local() };
		} catch (error) {
			// A connection that broke is made anew for the next request.
			if (error instanceof StunNetworkError && this.#reliable) {
				this.#lines.delete(serverKey(server));
				await open.close();
			}
			throw error;
		}
	}

	/** Closes what was opened; questions under way fail with ERR_STUN_CLOSED. */
	async close(): Promise<void> {
		this.#closing.abort(new StunClosedError("the STUN client"));
		const lines = await Promise.allSettled(this.#lines.values());
		const opened = new Set<OpenTransport>();
		for (const line of lines) if (line.status === "fulfilled") opened.add(line.value.open);
		await Promise.all([...opened].map((open) => open.close()));
	}

	async #lineTo(server: ClientServer, deadline: number): Promise<Line> {
		const key = serverKey(server);
		const known = this.#lines.get(key);
		if (known !== undefined) return known;
		const line = this.#openLine(server, deadline);
		this.#lines.set(key, line);
		try {
			return await line;
		} catch (error) {
			this.#lines.delete(key);
			throw error;
		}
	}

	async #openLine(server: ClientServer, deadline: number): Promise<Line> {
		const { mode = "rfc8489", credentials, fingerprint = false } = this.#options;
		const open = this.#reliable ? await this.#openStream(server, deadline) : await this.#openUdp();
		const conversation = new Conversation({
			transport: open.transport,
			reliable: this.#reliable,
			server: { ip: server.ip, port: server.port },
			mode,
			credentials,
			fingerprint,
			clock: this.#clock,
		});
		return { open, conversation };
	}

	#openUdp(): Promise<OpenTransport> {
		this.#udp ??= openUdp(this.#options, this.#deps, this.closing).catch((error: unknown) => {
			this.#udp = undefined;
			throw error;
		});
		return this.#udp;
	}

	async #openStream(server: ClientServer, deadline: number): Promise<OpenTransport> {
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

/** A promise, or the signal's reason if that comes first; the promise's own failure is then nobody's. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	return new Promise((resolve, reject) => {
		const abort = (): void => reject(signal.reason);
		signal.addEventListener("abort", abort, { once: true });
		promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
	});
}
