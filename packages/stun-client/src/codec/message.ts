import type { AddressValue, AttributeName, AttributeValues, StunAttribute, StunMessage } from "./types.js";

/** The first attribute with that name. Later ones do not count (RFC 8489 section 14). */
export function getAttribute<N extends AttributeName>(
	message: StunMessage,
	name: N,
): Extract<StunAttribute, { readonly name: N }> | undefined {
	for (const attribute of message.attributes) {
		if (attribute.name === name) return attribute as Extract<StunAttribute, { readonly name: N }>;
	}
	return undefined;
}

/** The value of the first attribute with that name. */
export function attributeValue<N extends AttributeName>(
	message: StunMessage,
	name: N,
): AttributeValues[N] | undefined {
	const found: { readonly value: unknown } | undefined = getAttribute(message, name);
	return found?.value as AttributeValues[N] | undefined;
}

/**
 * The reflexive address in a message: XOR-MAPPED-ADDRESS, else the form of the drafts, else MAPPED-ADDRESS, which some
 * NATs rewrite.
 */
export function mappedAddressOf(message: StunMessage): AddressValue | undefined {
	return (
		attributeValue(message, "XOR-MAPPED-ADDRESS") ??
		attributeValue(message, "XOR-MAPPED-ADDRESS-DRAFT") ??
		attributeValue(message, "MAPPED-ADDRESS")
	);
}

const present = (address: AddressValue | undefined): AddressValue | undefined =>
	address === undefined || address.port === 0 ? undefined : address;

/** The server's second address: OTHER-ADDRESS (RFC 5780) or CHANGED-ADDRESS (RFC 3489). */
export function otherAddressOf(message: StunMessage): AddressValue | undefined {
	return (
		present(attributeValue(message, "OTHER-ADDRESS")) ?? present(attributeValue(message, "CHANGED-ADDRESS"))
	);
}

/** The address that the server says it answers from: RESPONSE-ORIGIN (RFC 5780) or SOURCE-ADDRESS (RFC 3489). */
export function responseOriginOf(message: StunMessage): AddressValue | undefined {
	return (
		present(attributeValue(message, "RESPONSE-ORIGIN")) ?? present(attributeValue(message, "SOURCE-ADDRESS"))
	);
}
