import { IpAddress, isIp } from "@p2pd/address";
import { type Endpoint, type Fields, is, systemClock } from "@p2pd/net";
import { checkOptions, isClock } from "../arguments.js";
import { ATTRIBUTE_TYPES } from "../codec/attributes.js";
import { decodeMessage } from "../codec/decode.js";
import { BINDING_METHOD } from "../codec/header.js";
import { attributeValue } from "../codec/message.js";
import type { AttributeName, StunMessage } from "../codec/types.js";
import { SERVER_BURST, SERVER_RATE } from "../defaults.js";
import { StunConfigError, StunDecodeError } from "../errors.js";
import { RateLimit } from "./rate-limit.js";
import {
	classicReply,
	errorReply,
	fixedAttributes,
	modernReply,
	QuickReplies,
	quickRequest,
	type ReplyAddresses,
} from "./reply.js";
import type { ResponderReply, StunResponder, StunResponderOptions, StunServerDeps } from "./types.js";

/** What SOFTWARE may add to a reply. */
const MAX_SOFTWARE_BYTES = 4;

/** An address that the server listens on. Further fields are accepted. */
const isListenEndpoint = is.shape(
	{
		ip: is.a("an IP address", (value) => typeof value === "string" && isIp(value)),
		port: is.port,
	},
	{ required: ["ip", "port"], open: true },
);

/** The fields of `StunResponderOptions`. */
export const RESPONDER_FIELDS: Fields = {
	primary: isListenEndpoint,
	alternate: isListenEndpoint,
	software: is.a(
		`a string of at most ${MAX_SOFTWARE_BYTES} bytes`,
		(value) => typeof value === "string" && Buffer.byteLength(value) <= MAX_SOFTWARE_BYTES,
	),
	rfc3489: is.boolean,
	responsePort: is.boolean,
	padding: is.boolean,
	rate: is.number(0, Number.MAX_SAFE_INTEGER),
	burst: is.number(1, Number.MAX_SAFE_INTEGER),
};

/** The fields of `StunServerDeps`. */
export const SERVER_DEP_FIELDS: Fields = { clock: isClock, onError: is.function };

/** @throws {StunConfigError} ERR_STUN_CONFIG */
export function checkAddresses({
	primary,
	alternate,
}: Pick<StunResponderOptions, "primary" | "alternate">): void {
	if (alternate === undefined) return;
	const samePort = alternate.port === primary.port && primary.port !== 0;
	const own = IpAddress.parse(primary.ip);
	const second = IpAddress.parse(alternate.ip);
	const problem =
		own.isUnspecified || second.isUnspecified
			? "needs two definite IPs: a server on an any-address cannot choose where a reply is sent from"
			: own.af !== second.af
				? "must be of the same family as primary"
				: own.equals(second) || samePort
					? "must have another IP and another port than primary"
					: null;
	if (problem !== null) throw new StunConfigError(`alternate ${problem}`, { argument: "alternate" });
}

/**
 * The datagram part of a STUN server (RFC 8489 section 6.3.1, RFC 5780 section 6.1, RFC 3489 section 8.1) without any
 * socket: it is given a datagram and the address of the server that received it, and returns what to send from where.
 * Everything but a well-formed Binding request is dropped.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG for invalid options, such as two addresses that share an IP or a port
 */
export function createStunResponder(options: StunResponderOptions, deps: StunServerDeps = {}): StunResponder {
	checkOptions(options, RESPONDER_FIELDS, { required: ["primary"] });
	checkOptions(deps, SERVER_DEP_FIELDS);
	checkAddresses(options);
	const limit = new RateLimit(options.rate ?? SERVER_RATE, options.burst ?? SERVER_BURST);
	const responder = new Responder(options, limit, deps);
	return (data, from, localTo) => {
		const reply = responder.reply(data, from.ip, from.port, localTo);
		if (reply === null || reply === "limited") return [];
		const copy = Buffer.from(reply.data);
		reply.sent();
		return [{ data: copy, from: reply.from, to: reply.to }];
	};
}

/** A reply whose bytes may be in a buffer that is used again. */
export interface PooledReply extends ResponderReply {
	/** To be called when the bytes were sent or copied. */
	readonly sent: () => void;
}

/** The addresses of a reply, and the replies that have them. */
interface Prepared {
	readonly from: Endpoint;
	readonly replies: QuickReplies;
}

const nothing = (): void => undefined;

/** Answers Binding requests for the addresses of one server. */
export class Responder {
	readonly #options: StunResponderOptions;
	readonly #limit: RateLimit;
	readonly #now: () => number;
	/** By the address asked, and the two bits of CHANGE-REQUEST. */
	readonly #prepared = new WeakMap<Endpoint, Prepared[]>();

	constructor(options: StunResponderOptions, limit: RateLimit, { clock = systemClock }: StunServerDeps) {
		this.#options = options;
		this.#limit = limit;
		this.#now = () => clock.now();
	}

	/**
	 * The reply to a datagram; null if it gets none, and "limited" if its source has asked too often. Only well-formed
	 * requests count for the limit.
	 */
	reply(data: Uint8Array, ip: string, port: number, localTo: Endpoint): PooledReply | "limited" | null {
		if (port === 0) return null;
		const change = ip.includes(":") ? -1 : quickRequest(data);
		if (change === 0 || (change > 0 && this.#options.alternate !== undefined)) {
			if (!this.#limit.take(ip, this.#now())) return "limited";
			const { from, replies } = this.#prepare(localTo, change);
			const { data: bytes, sent } = replies.write(data, ip, port);
			return { data: bytes, from, to: { ip, port }, sent };
		}
		const request = parse(data);
		if (request === null || (request.classic && this.#options.rfc3489 === false)) return null;
		if (!this.#limit.take(ip, this.#now())) return "limited";
		return { ...this.#answer(request, { ip, port }, localTo), sent: nothing };
	}

	#answer(request: StunMessage, mapped: Endpoint, localTo: Endpoint): ResponderReply {
		const { software = "p2pd" } = this.#options;
		const refused = refusedIn(request, this.#options);
		if (refused.length > 0) {
			return { data: errorReply(request, 420, "Unknown Attribute", refused), from: localTo, to: mapped };
		}
		const change = attributeValue(request, "CHANGE-REQUEST");
		const { from, origin, other } = this.#addresses(
			localTo,
			change?.changeIp === true,
			change?.changePort === true,
		);
		const addresses: ReplyAddresses = { mapped, origin, other };
		if (request.classic) return { data: classicReply(request, addresses), from, to: mapped };
		const padding = attributeValue(request, "PADDING")?.length ?? 0;
		const responsePort = attributeValue(request, "RESPONSE-PORT");
		if (responsePort === 0 || (responsePort !== undefined && padding > 0)) {
			return { data: errorReply(request, 400, "Bad Request"), from: localTo, to: mapped };
		}
		const to = responsePort === undefined ? mapped : { ip: mapped.ip, port: responsePort };
		return { data: modernReply(request, addresses, software, padding), from, to };
	}

	/** Where the reply is sent from, what it says about that, and the other address. */
	#addresses(
		asked: Endpoint,
		changeIp: boolean,
		changePort: boolean,
	): { readonly from: Endpoint; readonly origin: Endpoint | null; readonly other: Endpoint | undefined } {
		const { primary, alternate } = this.#options;
		if (alternate === undefined)
			return { from: asked, origin: isAny(asked.ip) ? null : asked, other: undefined };
		const other = {
			ip: asked.ip === primary.ip ? alternate.ip : primary.ip,
			port: asked.port === primary.port ? alternate.port : primary.port,
		};
		const from = { ip: changeIp ? other.ip : asked.ip, port: changePort ? other.port : asked.port };
		return { from, origin: from, other };
	}

	#prepare(asked: Endpoint, change: number): Prepared {
		let all = this.#prepared.get(asked);
		if (all === undefined) {
			all = [0, 2, 4, 6].map((bits) => {
				const { from, origin, other } = this.#addresses(asked, (bits & 4) !== 0, (bits & 2) !== 0);
				return { from, replies: new QuickReplies(fixedAttributes({ origin, other })) };
			});
			this.#prepared.set(asked, all);
		}
		return all[change >> 1] as Prepared;
	}
}

const isAny = (ip: string): boolean => ip === "0.0.0.0" || ip === "::";

function parse(data: Uint8Array): StunMessage | null {
	try {
		const message = decodeMessage(data);
		return message.class === "request" && message.method === BINDING_METHOD ? message : null;
	} catch (error) {
		if (error instanceof StunDecodeError) return null;
		throw error;
	}
}

/** The attributes that a request is refused for: unknown ones, and those that this server does not obey. */
function refusedIn(
	request: StunMessage,
	{ alternate, responsePort, padding }: StunResponderOptions,
): number[] {
	const refused = [...request.unknownRequired];
	const change = attributeValue(request, "CHANGE-REQUEST");
	const refuse = (name: AttributeName): void => void refused.push(ATTRIBUTE_TYPES[name]);
	if (alternate === undefined && (change?.changeIp === true || change?.changePort === true))
		refuse("CHANGE-REQUEST");
	// It would send replies to any address that a request names. RFC 5389 removed it for that reason.
	if (attributeValue(request, "RESPONSE-ADDRESS") !== undefined) refuse("RESPONSE-ADDRESS");
	if (responsePort === false && attributeValue(request, "RESPONSE-PORT") !== undefined)
		refuse("RESPONSE-PORT");
	if (padding === false && attributeValue(request, "PADDING") !== undefined) refuse("PADDING");
	return refused;
}
