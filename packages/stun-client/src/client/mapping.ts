import type { Endpoint } from "@p2pd/net";
import { attributeValue, mappedAddressOf, otherAddressOf, responseOriginOf } from "../codec/message.js";
import type { AddressValue, StunMessage } from "../codec/types.js";
import { StunAnswerError, StunResponseError } from "../errors.js";
import type { StunReply } from "../transport/types.js";
import type { StunDialect, StunMapping } from "./types.js";

const endpointOf = ({ ip, port }: AddressValue): Endpoint => ({ ip, port });

/**
 * The reply, if it is a success response.
 *
 * @throws {StunResponseError} ERR_STUN_RESPONSE if it is an error response
 */
export function requireSuccess(reply: StunReply, server: Endpoint): StunReply {
	const { message } = reply;
	if (message.class !== "error") return reply;
	const error = attributeValue(message, "ERROR-CODE");
	const alternate = attributeValue(message, "ALTERNATE-SERVER");
	throw new StunResponseError(server, {
		status: error?.status ?? 0,
		reason: error?.reason ?? "no ERROR-CODE",
		unknownAttributes: attributeValue(message, "UNKNOWN-ATTRIBUTES") ?? [],
		alternateServer: alternate === undefined ? undefined : endpointOf(alternate),
	});
}

/**
 * The mapped address in a success response.
 *
 * @throws {StunAnswerError} ERR_STUN_ANSWER if there is none, or if attributes that must be understood are unknown
 */
export function mappedOf(reply: StunReply, server: Endpoint): Endpoint {
	const { message } = reply;
	if (message.unknownRequired.length > 0) {
		const types = message.unknownRequired.map((type) => `0x${type.toString(16).padStart(4, "0")}`).join(", ");
		throw new StunAnswerError(server, `answered with unknown attributes that must be understood: ${types}`);
	}
	const mapped = mappedAddressOf(message);
	if (mapped === undefined) throw new StunAnswerError(server, "answered without an address");
	if (mapped.port === 0) throw new StunAnswerError(server, `answered with ${mapped.ip} port 0`);
	return endpointOf(mapped);
}

/** What an answer shows its server to speak. Only RFC 3489 servers leave XOR-MAPPED-ADDRESS out. */
function dialectOf(message: StunMessage): StunDialect {
	return message.classic || attributeValue(message, "XOR-MAPPED-ADDRESS") === undefined
		? "rfc3489"
		: "rfc8489";
}

/**
 * What a reply reports about the socket that asked.
 *
 * @throws {StunResponseError} ERR_STUN_RESPONSE if it is an error response
 * @throws {StunAnswerError} ERR_STUN_ANSWER if it has no address
 */
export function readMapping(reply: StunReply, local: Endpoint, server: Endpoint): StunMapping {
	const { message, rtt, sends } = requireSuccess(reply, server);
	const mapped = mappedOf(reply, server);
	const other = otherAddressOf(message);
	const origin = responseOriginOf(message);
	const software = attributeValue(message, "SOFTWARE");
	return {
		local,
		mapped,
		server,
		rtt,
		sends,
		dialect: dialectOf(message),
		...(other === undefined ? {} : { otherAddress: endpointOf(other) }),
		...(origin === undefined ? {} : { responseOrigin: endpointOf(origin) }),
		...(software === undefined ? {} : { software }),
		message,
	};
}
