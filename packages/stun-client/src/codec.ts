/**
 * The STUN codec by itself: messages to bytes and back (RFC 8489, 5780, 3489). It touches no socket. Extensions of
 * STUN, such as TURN, add their methods (numbers) and attributes ({@link AttributeKind}) from outside.
 *
 * @packageDocumentation
 */
export { addressValue, xorAddressValue } from "./codec/address-value.js";
export { ATTRIBUTE_TYPES, AttributeKind } from "./codec/attributes.js";
export { type DecodeOptions, decodeMessage } from "./codec/decode.js";
export { encodeMessage } from "./codec/encode.js";
export { BINDING_METHOD, HEADER_LENGTH, looksLikeStun, MAGIC_COOKIE } from "./codec/header.js";
export { checkIntegrity, type IntegrityVerdict, longTermKey, shortTermKey } from "./codec/integrity.js";
export {
	attributeValue,
	getAttribute,
	mappedAddressOf,
	otherAddressOf,
	responseOriginOf,
} from "./codec/message.js";
export type {
	AddressName,
	AddressValue,
	AttributeCodec,
	AttributeContext,
	AttributeInput,
	AttributeName,
	AttributeValues,
	ChangeRequestValue,
	DeferredAttribute,
	ErrorCodeValue,
	IntegrityOptions,
	MessageClass,
	MessageInput,
	NamedAttribute,
	PasswordAlgorithmValue,
	RawAttribute,
	StunAttribute,
	StunMessage,
} from "./codec/types.js";
export { AttributeProblem, bytesValue, flagValue, textValue, uint32Value } from "./codec/values.js";
export { type DecodePlace, StunDecodeError, StunEncodeError } from "./errors.js";
