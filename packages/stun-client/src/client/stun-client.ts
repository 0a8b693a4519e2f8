import { classifyIp, ipVersion, isPublicIp } from "@p2pd/address";
import { type Clock, type Endpoint, endpointText, is, sameEndpoint, systemClock } from "@p2pd/net";
import {
	COMMON_DEPS,
	CREDENTIALS_FIELDS,
	checkOptions,
	isAttribute,
	isRemoteEndpoint,
	isSockets,
} from "../arguments.js";
import { attributeValue } from "../codec/message.js";
import { MAX_REDIRECTS, REQUEST_TIMEOUT } from "../defaults.js";
import { StunAnswerError, StunConfigError } from "../errors.js";
import { otherAddressProblem } from "../servers/other-address.js";
import type { StunReply } from "../transport/types.js";
import { type ClientAnswer, ClientConnections } from "./connections.js";
import { readMapping, requireSuccess } from "./mapping.js";
import type {
	StunClientDeps,
	StunClientOptions,
	StunClientRequestOptions,
	StunClientServer,
	StunMapping,
} from "./types.js";

const OPTION_FIELDS = {
	server: isRemoteEndpoint,
	transport: is.oneOf("udp", "tcp", "tls"),
	mode: is.oneOf("rfc8489", "rfc3489", "auto"),
	credentials: is.shape(CREDENTIALS_FIELDS, { required: ["username", "password"] }),
	tls: is.shape({ ca: is.anything, servername: is.filledText }),
	attached: is.boolean,
	connected: is.boolean,
	localPort: is.port,
	reuse: is.boolean,
	fingerprint: is.boolean,
	timeout: is.timeout,
	maxRedirects: is.whole(0, 10),
};

const REQUEST_OPTION_FIELDS = {
	changeIp: is.boolean,
	changePort: is.boolean,
	attributes: is.listOf(isAttribute),
	rtt: is.timeout,
	timeout: is.timeout,
	signal: is.signal,
};

interface Answer extends ClientAnswer {
	readonly server: StunClientServer;
}

/**
 * A client of one server, on one socket. What it learns is the mapping of that socket. Nothing is opened before the
 * first request.
 */
export class StunClient {
	readonly #options: StunClientOptions;
	readonly #clock: Clock;
	readonly #connections: ClientConnections;
	#other: Endpoint | undefined;

	/** @throws {StunConfigError} ERR_STUN_CONFIG for invalid options, or options that exclude each other */
	constructor(options: StunClientOptions, deps: StunClientDeps) {
		checkOptions(options, OPTION_FIELDS, {
			required: ["server"],
			renamed: { followAlternate: "maxRedirects" },
		});
		checkOptions(
			deps,
			{ ...COMMON_DEPS, sockets: isSockets, rtoTable: is.object },
			{ required: ["sockets"] },
		);
		if (options.credentials !== undefined && options.mode !== undefined && options.mode !== "rfc8489") {
			throw new StunConfigError("credentials need mode rfc8489", { argument: "credentials" });
		}
		this.#options = options;
		this.#clock = deps.clock ?? systemClock;
		this.#connections = new ClientConnections(options, deps, this.#clock);
	}

	/**
	 * Asks the server which address it sees.
	 *
	 * @throws {StunError} ERR_STUN_TIMEOUT, _NETWORK, _RESPONSE, _ANSWER, _INTEGRITY, _CLOSED, _CONFIG; the signal's
	 * reason when it aborts
	 */
	async getMapping(options: StunClientRequestOptions = {}): Promise<StunMapping> {
		checkOptions(options, REQUEST_OPTION_FIELDS);
		const { reply, server, local } = await this.#exchange(options, undefined);
		const mapping = readMapping(reply, local, { ip: server.ip, port: server.port });
		if (sameEndpoint(server, this.#options.server)) this.#other = mapping.otherAddress;
		return mapping;
	}

	/** The external IP that the server sees. Throws what {@link StunClient.getMapping} throws. */
	async getWanIp(options: StunClientRequestOptions = {}): Promise<string> {
		return (await this.getMapping(options)).mapped.ip;
	}

	/**
	 * Sends a request. It can ask the server to answer from its other IP or port; the answer is then accepted from
	 * exactly that address only. If the other address is not known yet, a plain request finds it out first.
	 *
	 * @throws {StunError} as {@link StunClient.getMapping}
	 */
	async request(options: StunClientRequestOptions = {}): Promise<StunReply> {
		checkOptions(options, REQUEST_OPTION_FIELDS);
		const { changeIp = false, changePort = false } = options;
		if ((changeIp || changePort) && (this.#options.transport ?? "udp") !== "udp") {
			throw new StunConfigError("changeIp and changePort need UDP: a connection has one server address", {
				argument: changeIp ? "changeIp" : "changePort",
			});
		}
		const expectFrom =
			changeIp || changePort ? await this.#changedAddress(changeIp, changePort, options) : undefined;
		const { reply, server } = await this.#exchange(options, expectFrom);
		return requireSuccess(reply, server);
	}

	/** Closes the sockets that were opened here, but not one that was given. Running requests fail with ERR_STUN_CLOSED. */
	async close(): Promise<void> {
		await this.#connections.close();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	async #changedAddress(
		changeIp: boolean,
		changePort: boolean,
		options: StunClientRequestOptions,
	): Promise<Endpoint> {
		const { ip, port } = this.#options.server;
		if (this.#other === undefined) {
			const { timeout, signal } = options;
			await this.getMapping({
				...(timeout === undefined ? {} : { timeout }),
				...(signal === undefined ? {} : { signal }),
			});
		}
		if (this.#other === undefined) throw new StunAnswerError({ ip, port }, "names no other address");
		const wrong = otherAddressProblem({ ip, port }, this.#other);
		if (wrong !== null) throw new StunAnswerError({ ip, port }, wrong);
		return { ip: changeIp ? this.#other.ip : ip, port: changePort ? this.#other.port : port };
	}

	/** Asks the server, and follows its redirections. */
	async #exchange(options: StunClientRequestOptions, expectFrom: Endpoint | undefined): Promise<Answer> {
		const deadline = this.#clock.now() + (options.timeout ?? this.#options.timeout ?? REQUEST_TIMEOUT);
		const { maxRedirects = MAX_REDIRECTS } = this.#options;
		const { changeIp, changePort, attributes, rtt } = options;
		const tried = new Set<string>();
		const { closing } = this.#connections;
		const signal = options.signal === undefined ? closing : AbortSignal.any([options.signal, closing]);
		for (let server: StunClientServer = this.#options.server; ; ) {
			signal.throwIfAborted();
			tried.add(endpointText(server));
			const answer = await this.#connections.ask(server, {
				...(changeIp !== undefined && { changeIp }),
				...(changePort !== undefined && { changePort }),
				...(attributes !== undefined && { attributes }),
				...(rtt !== undefined && { rtt }),
				expectFrom,
				deadline,
				signal,
			});
			const next = redirection(answer.reply, server);
			if (next === null || tried.has(endpointText(next)) || tried.size > maxRedirects) {
				return { ...answer, server };
			}
			server = next;
		}
	}
}

/**
 * Where an answer with status 300 redirects to, or null (RFC 8489 section 10). The family and the transport stay the
 * same, so TLS stays TLS. As with OTHER-ADDRESS, a public server can redirect to public addresses only: otherwise a lying
 * server could make this host contact its own network.
 */
function redirection({ message }: StunReply, server: StunClientServer): StunClientServer | null {
	if (message.class !== "error" || attributeValue(message, "ERROR-CODE")?.status !== 300) return null;
	const alternate = attributeValue(message, "ALTERNATE-SERVER");
	if (alternate === undefined || alternate.port === 0 || alternate.family !== ipVersion(server.ip))
		return null;
	if (!isPublicIp(alternate.ip) && classifyIp(alternate.ip) !== classifyIp(server.ip)) return null;
	const host = attributeValue(message, "ALTERNATE-DOMAIN") ?? server.host;
	return { ip: alternate.ip, port: alternate.port, ...(host === undefined ? {} : { host }) };
}
