import { type Endpoint, systemClock } from "@p2pd/net";
import { ATTRIBUTE_TYPES } from "../codec/attributes.js";
import { decodeMessage } from "../codec/decode.js";
import { BINDING_METHOD } from "../codec/header.js";
import { attributeValue } from "../codec/message.js";
import type { AttributeName, StunMessage } from "../codec/types.js";
import { SERVER_BURST, SERVER_RATE } from "../defaults.js";
import { StunConfigError, StunDecodeError } from "../errors.js";
import { RateLimit } from "./rate-limit.js";
import { classicReply, errorReply, modernReply } from "./reply.js";
import type { ResponderReply, StunResponder, StunResponderOptions, StunServerDeps } from "./types.js";

/** What SOFTWARE may add without the reply growing past its bound. */
const MAX_SOFTWARE_BYTES = 4;

/** @throws {StunConfigError} ERR_STUN_CONFIG */
export function checkResponderOptions({ primary, alternate, software = "" }: StunResponderOptions): void {
	const samePort = alternate?.port === primary.port && primary.port !== 0;
	if (alternate !== undefined && (alternate.ip === primary.ip || samePort)) {
		throw new StunConfigError("the alternate address must have another IP and another port than the primary");
	}
	if (Buffer.byteLength(software) > MAX_SOFTWARE_BYTES) {
		throw new StunConfigError(`SOFTWARE of more than ${MAX_SOFTWARE_BYTES} bytes`);
	}
}

function parse(data: Uint8Array): StunMessage | undefined {
	try {
		const message = decodeMessage(data);
		return message.class === "request" && message.method === BINDING_METHOD ? message : undefined;
	} catch (error) {
		if (error instanceof StunDecodeError) return undefined;
		throw error;
	}
}

/** The attributes that a request has to be refused for: those not understood, and those not served here. */
function refusedIn(
	request: StunMessage,
	{ alternate, responsePort, padding }: StunResponderOptions,
): number[] {
	const refused = [...request.unknownRequired];
	const change = attributeValue(request, "CHANGE-REQUEST");
	const refuse = (name: AttributeName): void => void refused.push(ATTRIBUTE_TYPES[name]);
	if (alternate === undefined && (change?.changeIp === true || change?.changePort === true))
		refuse("CHANGE-REQUEST");
	// It would send replies to anybody that a request names; RFC 5389 took it away for that.
	if (attributeValue(request, "RESPONSE-ADDRESS") !== undefined) refuse("RESPONSE-ADDRESS");
	if (responsePort !== true && attributeValue(request, "RESPONSE-PORT") !== undefined)
		refuse("RESPONSE-PORT");
	if (padding === false && attributeValue(request, "PADDING") !== undefined) refuse("PADDING");
	return refused;
}

/**
 * The datagram half of a STUN server (RFC 8489 section 6.3.1, RFC 5780 section 6.1, RFC 3489 section 8.1) without
 * any socket: a datagram and the address of the server's that it came to, and what is to be sent from where.
 * Everything but a well-formed Binding request is dropped.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG when the two addresses share an IP or a port, or SOFTWARE is too long
 */
export function createStunResponder(options: StunResponderOptions, deps: StunServerDeps = {}): StunResponder {
	checkResponderOptions(options);
	const limit = new RateLimit(options.rate ?? SERVER_RATE, options.burst ?? SERVER_BURST);
	return respondWithin(limit, options, deps);
}

/** {@link createStunResponder} under a limit that it shares with others. */
export function respondWithin(
	limit: RateLimit,
	options: StunResponderOptions,
	deps: StunServerDeps,
): StunResponder {
	const { primary, alternate, software = "p2pd", rfc3489 = true } = options;
	const clock = deps.clock ?? systemClock;

	const otherOf = (asked: Endpoint): Endpoint | undefined =>
		alternate === undefined
			? undefined
			: {
					ip: asked.ip === primary.ip ? alternate.ip : primary.ip,
					port: asked.port === primary.port ? alternate.port : primary.port,
				};

	return (data, from, localTo) => {
		// Before the parser, so that a flood costs little.
		if (from.port === 0 || !limit.take(from.ip, clock.now())) return [];
		const request = parse(data);
		if (request === undefined || (request.classic && !rfc3489)) return [];
		const answer = (bytes: Uint8Array, origin: Endpoint, port = from.port): ResponderReply[] => [
			{ data: bytes, from: origin, to: { ip: from.ip, port } },
		];
		const refused = refusedIn(request, options);
		if (refused.length > 0) return answer(errorReply(request, 420, "Unknown Attribute", refused), localTo);
		const change = attributeValue(request, "CHANGE-REQUEST");
		const other = otherOf(localTo);
		const origin: Endpoint = {
			ip: change?.changeIp === true && other !== undefined ? other.ip : localTo.ip,
			port: change?.changePort === true && other !== undefined ? other.port : localTo.port,
		};
		const addresses = { mapped: from, origin, other };
		if (request.classic) return answer(classicReply(request, addresses), origin);
		const asked = attributeValue(request, "PADDING")?.length ?? 0;
		const responsePort = attributeValue(request, "RESPONSE-PORT");
		if (responsePort === 0 || (responsePort !== undefined && asked > 0)) {
			return answer(errorReply(request, 400, "Bad Request"), localTo);
		}
		return answer(modernReply(request, addresses, software, asked), origin, responsePort);
	};
}
