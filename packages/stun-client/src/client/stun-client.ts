import { systemClock } from "../clock.js";
import { attributeValue } from "../codec/message.js";
import { MAX_REDIRECTS, REQUEST_TIMEOUT } from "../defaults.js";
import {
	StunAnswerError,
	StunClosedError,
	StunConfigError,
	StunNetworkError,
	StunTimeoutError,
} from "../errors.js";
import { familyOf, sameEndpoint } from "../ip-text.js";
import { checkOtherAddress } from "../servers/check-other-address.js";
import type { StunSocketDeps } from "../socket/stun-socket.js";
import type { StunReply } from "../socket/types.js";
import type { Clock, HostPort } from "../types.js";
import { Conversation, type Question } from "./conversation.js";
import { readMapping, requireSuccess } from "./mapping.js";
import { type OpenTransport, openStream, openUdp } from "./open-transport.js";
import type { ClientRequestOptions, ClientServer, StunClientOptions, StunMapping } from "./types.js";

interface Line {
	readonly open: OpenTransport;
	readonly conversation: Conversation;
}

interface Answer {
	readonly reply: StunReply;
	readonly server: ClientServer;
	readonly local: HostPort;
}

const keyOf = ({ ip, port }: HostPort): string => `${ip} ${port}`;

/** A client of one server, on one socket: what it learns is the mapping of that socket. Nothing is opened before the first request. */
export class StunClient {
	readonly #options: StunClientOptions;
	readonly #deps: StunSocketDeps;
	readonly #clock: Clock;
	/** One UDP socket serves every server; a connection serves its own. */
	#udp: Promise<OpenTransport> | undefined;
	readonly #lines = new Map<string, Promise<Line>>();
	readonly #closing = new AbortController();
	#other: HostPort | undefined;

	/** @throws {StunConfigError} ERR_STUN_CONFIG for options that exclude each other */
	constructor(options: StunClientOptions, deps: StunSocketDeps = {}) {
		if (options.credentials !== undefined && options.mode !== undefined && options.mode !== "rfc8489") {
			throw new StunConfigError("credentials need RFC 8489");
		}
		this.#options = options;
		this.#deps = deps;
		this.#clock = deps.clock ?? systemClock;
	}

	/**
	 * Asks the server which address it sees.
	 *
	 * @throws {StunError} ERR_STUN_TIMEOUT, _NETWORK, _RESPONSE, _ANSWER, _INTEGRITY, _CLOSED, _CONFIG; the signal's
	 * reason when it was aborted
	 */
	async getMapping(options: ClientRequestOptions = {}): Promise<StunMapping> {
		const { reply, server, local } = await this.#exchange(options, undefined);
		const mapping = readMapping(reply, local, { ip: server.ip, port: server.port });
		if (sameEndpoint(server, this.#options.server)) this.#other = mapping.otherAddress;
		return mapping;
	}

	/** The external IP that the server sees. Throws what {@link StunClient.getMapping} throws. */
	async getWanIp(options: ClientRequestOptions = {}): Promise<string> {
		return (await this.getMapping(options)).mapped.ip;
	}

	/**
	 * Sends a request, also one that asks the server to answer from its other IP or port. The reply counts only from
	 * exactly that address; where it is not known yet, a plain request learns it first.
	 *
	 * @throws {StunError} as {@link StunClient.getMapping}
	 */
	async request(options: ClientRequestOptions = {}): Promise<StunReply> {
		const { changeIp = false, changePort = false } = options;
		if ((changeIp || changePort) && (this.#options.transport ?? "udp") !== "udp") {
			throw new StunConfigError("a change request needs UDP: a connection has one server address");
		}
		const expectFrom =
			changeIp || changePort ? await this.#changedAddress(changeIp, changePort, options) : undefined;
		const { reply, server } = await this.#exchange(options, expectFrom);
		return requireSuccess(reply, server);
	}

	/** Closes the sockets that were made here, and leaves one that was given. Requests under way fail with ERR_STUN_CLOSED. */
	async close(): Promise<void> {
		this.#closing.abort(new StunClosedError("the STUN client"));
		const lines = await Promise.allSettled(this.#lines.values());
		const udp = await Promise.allSettled([this.#udp]);
		const opened = new Set<OpenTransport>();
		for (const line of lines) if (line.status === "fulfilled") opened.add(line.value.open);
		for (const open of udp)
			if (open.status === "fulfilled" && open.value !== undefined) opened.add(open.value);
		await Promise.all([...opened].map((open) => open.close()));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	async #changedAddress(
		changeIp: boolean,
		changePort: boolean,
		options: ClientRequestOptions,
	): Promise<HostPort> {
		const { ip, port } = this.#options.server;
		if (this.#other === undefined) {
			const { timeout, signal } = options;
			await this.getMapping({
				...(timeout === undefined ? {} : { timeout }),
				...(signal === undefined ? {} : { signal }),
			});
		}
		if (this.#other === undefined)
			throw new StunAnswerError({ ip, port }, "has no second address to answer from");
		const wrong = checkOtherAddress({ ip, port }, this.#other);
		if (wrong !== undefined) throw new StunAnswerError({ ip, port }, wrong);
		return { ip: changeIp ? this.#other.ip : ip, port: changePort ? this.#other.port : port };
	}

	/** Asks the server, and those that it sends us on to. */
	async #exchange(options: ClientRequestOptions, expectFrom: HostPort | undefined): Promise<Answer> {
		const deadline = this.#clock.now() + (options.timeout ?? this.#options.timeout ?? REQUEST_TIMEOUT);
		const tried = new Set<string>();
		const { signal } = options;
		const either =
			signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
		for (let server: ClientServer = this.#options.server; ; ) {
			either.throwIfAborted();
			tried.add(keyOf(server));
			const { open, conversation } = await orAborted(this.#lineTo(server, deadline), either);
			const reply = await this.#ask(server, conversation, {
				...options,
				expectFrom,
				deadline,
				signal: either,
			});
			const next = this.#redirection(reply, server);
			if (next === undefined || tried.has(keyOf(next)) || tried.size > MAX_REDIRECTS) {
				return { reply, server, local: open.transport.local() };
			}
			server = next;
		}
	}

	async #ask(server: ClientServer, conversation: Conversation, question: Question): Promise<StunReply> {
		try {
			return await conversation.ask(question);
		} catch (error) {
			// A connection that broke is made anew for the next request.
			if (error instanceof StunNetworkError && this.#options.transport !== "udp")
				await this.#dropLine(server);
			throw error;
		}
	}

	async #dropLine(server: ClientServer): Promise<void> {
		const line = this.#lines.get(keyOf(server));
		this.#lines.delete(keyOf(server));
		await (await line)?.open.close();
	}

	/** Where an answer 300 sends us, if we go there (RFC 8489 section 10): to the same family, by the same transport. */
	#redirection({ message }: StunReply, server: ClientServer): ClientServer | undefined {
		if (this.#options.followAlternate === false || message.class !== "error") return undefined;
		if (attributeValue(message, "ERROR-CODE")?.status !== 300) return undefined;
		const alternate = attributeValue(message, "ALTERNATE-SERVER");
		if (alternate === undefined || alternate.port === 0 || alternate.family !== familyOf(server.ip))
			return undefined;
		const host = attributeValue(message, "ALTERNATE-DOMAIN") ?? server.host;
		return { ip: alternate.ip, port: alternate.port, ...(host === undefined ? {} : { host }) };
	}

	/** The line to a server, opened when it is not; a failed one is opened anew next time. */
	async #lineTo(server: ClientServer, deadline: number): Promise<Line> {
		const key = keyOf(server);
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
		const { transport = "udp", mode = "rfc8489", credentials, fingerprint = false } = this.#options;
		const open = transport === "udp" ? await this.#openUdp() : await this.#openStream(server, deadline);
		const conversation = new Conversation({
			transport: open.transport,
			reliable: transport !== "udp",
			server: { ip: server.ip, port: server.port },
			mode,
			credentials,
			fingerprint,
			clock: this.#clock,
		});
		return { open, conversation };
	}

	#openUdp(): Promise<OpenTransport> {
		this.#udp ??= openUdp(this.#options, this.#deps, this.#closing.signal).catch((error: unknown) => {
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
			return await openStream(
				this.#options,
				server,
				this.#deps,
				AbortSignal.any([this.#closing.signal, late.signal]),
			);
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
