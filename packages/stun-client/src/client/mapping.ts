import { attributeValue, mappedAddressOf, otherAddressOf, responseOriginOf } from "../codec/message.js";
import type { AddressValue, StunMessage } from "../codec/types.js";
import { StunAnswerError, StunResponseError } from "../errors.js";
import type { StunReply } from "../socket/types.js";
import type { HostPort } from "../types.js";
import type { StunDialect, StunMapping } from "./types.js";

const hostPort = ({ ip, port }: AddressValue): HostPort => ({ ip, port });

/**
 * The reply, if it is a success.
 * @throws {StunResponseError} ERR_STUN_RESPONSE when it is an error response
 */
export function requireSuccess(reply: StunReply, server: HostPort): StunReply {
	const { message } = reply;
	if (message.class !== "error") return reply;
	const error = attributeValue(message, "ERROR-CODE");
	const alternate = attributeValue(message, "ALTERNATE-SERVER");
	throw new StunResponseError(server, {
		status: error?.status ?? 0,
		reason: error?.reason ?? "an error response without ERROR-CODE",
		unknownAttributes: attributeValue(message, "UNKNOWN-ATTRIBUTES") ?? [],
		alternateServer: alternate === undefined ? undefined : hostPort(alternate),
	});
}

/**
 * The address that a success response gives.
 *
 * @throws {StunAnswerError} ERR_STUN_ANSWER when it has none, or attributes that must be understood and are not
 */
export function mappedOf(reply: StunReply, server: HostPort): HostPort {
	const { message } = reply;
	if (message.unknownRequired.length > 0) {
		const types = message.unknownRequired.map((type) => `0x${type.toString(16).padStart(4, "0")}`).join(", ");
		throw new StunAnswerError(server, `its answer has attributes that are not understood: ${types}`);
	}
	const mapped = mappedAddressOf(message);
	if (mapped === undefined) throw new StunAnswerError(server, "its answer has no address");
	if (mapped.port === 0) throw new StunAnswerError(server, `its answer has ${mapped.ip} port 0`);
	return hostPort(mapped);
}

/** What an answer shows its server to speak: only RFC 3489 servers leave XOR-MAPPED-ADDRESS out. */
function dialectOf(message: StunMessage): StunDialect {
	return message.classic || attributeValue(message, "XOR-MAPPED-ADDRESS") === undefined
		? "rfc3489"
		: "rfc8489";
}

/**
 * What a reply says of the socket that asked.
 *
 * @throws {StunResponseError} ERR_STUN_RESPONSE when it is an error response
 * @throws {StunAnswerError} ERR_STUN_ANSWER when it gives no address
 */
export function readMapping(reply: StunReply, local: HostPort, server: HostPort): StunMapping {
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
		...(other === undefined ? {} : { otherAddress: hostPort(other) }),
		...(origin === undefined ? {} : { responseOrigin: hostPort(origin) }),
		...(software === undefined ? {} : { software }),
		message,
	};
}
