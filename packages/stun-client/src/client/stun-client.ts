import { checkTime } from "../check-time.js";
import { systemClock } from "../clock.js";
import { attributeValue } from "../codec/message.js";
import { MAX_REDIRECTS, REQUEST_TIMEOUT } from "../defaults.js";
import { StunAnswerError, StunConfigError } from "../errors.js";
import { canonicalIp, familyOf, sameEndpoint } from "../ip-text.js";
import { checkOtherAddress } from "../servers/check-other-address.js";
import type { StunSocketDeps } from "../socket/stun-socket.js";
import type { StunReply } from "../socket/types.js";
import type { Clock, HostPort } from "../types.js";
import { ClientLines, type LineAnswer, serverKey } from "./lines.js";
import { readMapping, requireSuccess } from "./mapping.js";
import type { ClientRequestOptions, ClientServer, StunClientOptions, StunMapping } from "./types.js";

interface Answer extends LineAnswer {
	readonly server: ClientServer;
}

/** @throws {StunConfigError} ERR_STUN_CONFIG: a name would be looked up by the socket, and its answers come from elsewhere. */
function checkServer({ ip, port }: ClientServer): void {
	if (typeof ip !== "string" || canonicalIp(ip) === undefined) {
		throw new StunConfigError(
			`the server is given by its IP, not ${JSON.stringify(ip)}: see resolveStunServer`,
		);
	}
	if (!Number.isInteger(port) || port < 1 || port > 65535) {
		throw new StunConfigError(`the server's port is 1 to 65535, not ${JSON.stringify(port)}`);
	}
}

/** A client of one server, on one socket: what it learns is the mapping of that socket. Nothing is opened before the first request. */
export class StunClient {
	readonly #options: StunClientOptions;
	readonly #clock: Clock;
	readonly #lines: ClientLines;
	#other: HostPort | undefined;

	/** @throws {StunConfigError} ERR_STUN_CONFIG for options that exclude each other, or a server that is no IP and port */
	constructor(options: StunClientOptions, deps: StunSocketDeps = {}) {
		if (options.credentials !== undefined && options.mode !== undefined && options.mode !== "rfc8489") {
			throw new StunConfigError("credentials need RFC 8489");
		}
		checkServer(options.server);
		this.#options = options;
		this.#clock = deps.clock ?? systemClock;
		this.#lines = new ClientLines(options, deps, this.#clock);
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
		await this.#lines.close();
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
		const timeout = checkTime("timeout", options.timeout ?? this.#options.timeout ?? REQUEST_TIMEOUT);
		const deadline = this.#clock.now() + timeout;
		const tried = new Set<string>();
		const { closing } = this.#lines;
		const signal = options.signal === undefined ? closing : AbortSignal.any([options.signal, closing]);
		for (let server: ClientServer = this.#options.server; ; ) {
			signal.throwIfAborted();
			tried.add(serverKey(server));
			const answer = await this.#lines.ask(server, { ...options, expectFrom, deadline, signal });
			const next = this.#redirection(answer.reply, server);
			if (next === undefined || tried.has(serverKey(next)) || tried.size > MAX_REDIRECTS) {
				return { ...answer, server };
			}
			server = next;
		}
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
}
