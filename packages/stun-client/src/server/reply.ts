import type { Endpoint } from "@p2pd/net";
import { encodeMessage } from "../codec/encode.js";
import { attributeValue } from "../codec/message.js";
import type { NamedAttribute, RawAttribute, StunMessage } from "../codec/types.js";

/** Which of the server's addresses matter for one reply. */
export interface ReplyAddresses {
	/** Who asked, as the server sees it. */
	readonly mapped: Endpoint;
	/** Where the reply leaves from. */
	readonly origin: Endpoint;
	/** The address that differs in both from the one asked. */
	readonly other: Endpoint | undefined;
}

/** An address as an attribute carries it: a zone has a meaning on one machine only. */
const bare = ({ ip, port }: Endpoint): Endpoint => ({ ip: ip.split("%")[0] ?? ip, port });

/** A success response to an RFC 3489 request: no attribute that such a client would refuse. */
export function classicReply(request: StunMessage, { mapped, origin, other }: ReplyAddresses): Buffer {
	const attributes: NamedAttribute[] = [
		{ name: "MAPPED-ADDRESS", value: bare(mapped) },
		{ name: "SOURCE-ADDRESS", value: bare(origin) },
	];
	if (other !== undefined) attributes.push({ name: "CHANGED-ADDRESS", value: bare(other) });
	attributes.push({ name: "XOR-MAPPED-ADDRESS-DRAFT", value: bare(mapped) });
	return encodeMessage({ class: "success", transactionId: request.transactionId, attributes });
}

/** A success response to an RFC 8489 request, with the attributes of RFC 5780. */
export function modernReply(
	request: StunMessage,
	{ mapped, origin, other }: ReplyAddresses,
	software: string,
	padding: number,
): Buffer {
	const attributes: (NamedAttribute | RawAttribute)[] = [
		{ name: "XOR-MAPPED-ADDRESS", value: bare(mapped) },
		{ name: "MAPPED-ADDRESS", value: bare(mapped) },
		{ name: "RESPONSE-ORIGIN", value: bare(origin) },
	];
	if (other !== undefined) attributes.push({ name: "OTHER-ADDRESS", value: bare(other) });
	if (padding > 0) attributes.push({ name: "PADDING", value: new Uint8Array(padding) });
	else if (software !== "") attributes.push({ name: "SOFTWARE", value: software });
	return encodeMessage({
		class: "success",
		transactionId: request.transactionId,
		attributes,
		fingerprint: attributeValue(request, "FINGERPRINT") !== undefined,
	});
}

/** Unknown types that a 420 names: with more, the reply would grow with the request. */
const MAX_UNKNOWN_NAMED = 16;

/** An error response. */
export function errorReply(
	request: StunMessage,
	status: number,
	reason: string,
	unknown: readonly number[] = [],
): Buffer {
	const attributes: NamedAttribute[] = [{ name: "ERROR-CODE", value: { status, reason } }];
	if (unknown.length > 0) {
		attributes.push({ name: "UNKNOWN-ATTRIBUTES", value: unknown.slice(0, MAX_UNKNOWN_NAMED) });
	}
	return encodeMessage({
		class: "error",
		transactionId: request.transactionId,
		attributes,
		fingerprint: attributeValue(request, "FINGERPRINT") !== undefined,
	});
}
