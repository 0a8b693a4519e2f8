import { is } from "@p2pd/net";
import { checkOptions } from "../arguments.js";
import { StunDecodeError } from "../errors.js";
import {
	ATTRIBUTE_CODECS,
	ATTRIBUTE_TYPES,
	type AttributeKind,
	attributeName,
	COMPREHENSION_OPTIONAL,
} from "./attributes.js";
import { HEADER_LENGTH, MAGIC_COOKIE, unpackType } from "./header.js";
import { fingerprintOf } from "./integrity.js";
import type { AttributeCodec, StunAttribute, StunMessage } from "./types.js";
import { AttributeProblem } from "./values.js";

/** What {@link decodeMessage} is told besides the bytes. */
export interface DecodeOptions {
	/**
	 * Attributes of an extension that the caller understands. Their values are checked, and they do not count as
	 * unknown. @default none
	 */
	readonly understands?: readonly AttributeKind<unknown, never>[];
}

/** The header of a message, checked against the bytes that follow it. */
interface Frame {
	readonly bytes: Uint8Array;
	readonly data: DataView;
	readonly transactionId: Uint8Array;
	readonly classic: boolean;
	readonly end: number;
}

/*
 * RFC 8489 section 5:
 *
 *    0                16                32
 *    +--+-------------+-----------------+
 *    |00| Type        | Length          |   length: of what follows the header
 *    +--+-------------+-----------------+
 *    | Magic cookie                     |   RFC 3489: these 16 bytes are the id
 *    +----------------------------------+
 *    | Transaction id, 96 bits          |
 *    +----------------------------------+
 */
function readFrame(bytes: Uint8Array): Frame {
	if (bytes.length < HEADER_LENGTH) {
		throw new StunDecodeError("header", bytes.length, `${bytes.length} bytes, less than ${HEADER_LENGTH}`);
	}
	const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if ((data.getUint8(0) & 0xc0) !== 0)
		throw new StunDecodeError("header", 0, "the first two bits are not zero");
	const length = data.getUint16(2);
	if (length % 4 !== 0) throw new StunDecodeError("header", 2, `length ${length} is not a multiple of 4`);
	const end = HEADER_LENGTH + length;
	if (end > bytes.length)
		throw new StunDecodeError(
			"header",
			2,
			`length ${length}, but ${bytes.length - HEADER_LENGTH} bytes follow`,
		);
	if (end < bytes.length)
		throw new StunDecodeError("trailer", end, `${bytes.length - end} bytes after the message`);
	const classic = data.getUint32(4) !== MAGIC_COOKIE;
	return { bytes, data, transactionId: bytes.subarray(classic ? 4 : 8, HEADER_LENGTH), classic, end };
}

function readValue(frame: Frame, type: number, offset: number, length: number): StunAttribute {
	const raw = frame.bytes.subarray(offset + 4, offset + 4 + length);
	const name = attributeName(type);
	if (name === undefined) return { name, type, value: undefined, raw, offset };
	const codec = ATTRIBUTE_CODECS[name] as AttributeCodec<unknown>;
	try {
		const value = codec.decode(raw, { type, transactionId: frame.transactionId, classic: frame.classic });
		return { name, type, value, raw, offset } as StunAttribute;
	} catch (cause) {
		if (cause instanceof AttributeProblem)
			throw new StunDecodeError("attribute-value", offset, cause.message, type);
		throw cause;
	}
}

/**
 * Which attributes count, given those before them (RFC 8489 sections 14.5 to 14.7): after MESSAGE-INTEGRITY only
 * MESSAGE-INTEGRITY-SHA256 and FINGERPRINT; after MESSAGE-INTEGRITY-SHA256 only FINGERPRINT; after FINGERPRINT nothing.
 */
class Order {
	#sealedBy = 0;

	counts(type: number, offset: number): boolean {
		if (this.#sealedBy === ATTRIBUTE_TYPES.FINGERPRINT) {
			throw new StunDecodeError("attribute-header", offset, "an attribute after FINGERPRINT", type);
		}
		const before = this.#sealedBy;
		const seals =
			type === ATTRIBUTE_TYPES["MESSAGE-INTEGRITY"] ||
			type === ATTRIBUTE_TYPES["MESSAGE-INTEGRITY-SHA256"] ||
			type === ATTRIBUTE_TYPES.FINGERPRINT;
		const allowed =
			before === 0 ||
			type === ATTRIBUTE_TYPES.FINGERPRINT ||
			(before === ATTRIBUTE_TYPES["MESSAGE-INTEGRITY"] &&
				type === ATTRIBUTE_TYPES["MESSAGE-INTEGRITY-SHA256"]);
		if (allowed && seals) this.#sealedBy = type;
		return allowed;
	}
}

function readAttributes(frame: Frame): StunAttribute[] {
	const { data, end } = frame;
	const attributes: StunAttribute[] = [];
	const order = new Order();
	for (let offset = HEADER_LENGTH; offset < end; ) {
		const type = data.getUint16(offset);
		const length = data.getUint16(offset + 2);
		const next = offset + 4 + length + ((4 - (length % 4)) % 4);
		if (next > end) {
			throw new StunDecodeError(
				"attribute-header",
				offset,
				`length ${length}, but ${end - offset - 4} bytes are left`,
				type,
			);
		}
		if (order.counts(type, offset)) attributes.push(readValue(frame, type, offset, length));
		offset = next;
	}
	return attributes;
}

function checkFingerprint(bytes: Uint8Array, attributes: readonly StunAttribute[]): void {
	const last = attributes.at(-1);
	if (last?.name !== "FINGERPRINT") return;
	const right = fingerprintOf(bytes.subarray(0, last.offset));
	if (right !== last.value)
		throw new StunDecodeError("fingerprint", last.offset, "does not match the message", last.type);
}

/**
 * Reads one message, which must be all of `bytes`. Checks the type bits, the length and its alignment, that nothing
 * follows, the bounds and value of every attribute, and FINGERPRINT if present. The content of padding is not
 * checked: RFC 3489 servers and the test vectors of RFC 5769 fill it with anything.
 *
 * The message keeps views into `bytes`, so do not reuse them.
 *
 * @throws {StunDecodeError} ERR_STUN_DECODE, with the place and the offset of what is wrong
 */
export function decodeMessage(bytes: Uint8Array, options: DecodeOptions = {}): StunMessage {
	checkOptions(options, { understands: is.listOf(is.object) });
	const { understands = [] } = options;
	if (!(bytes instanceof Uint8Array)) throw new StunDecodeError("header", 0, "not a Buffer or Uint8Array");
	const frame = readFrame(bytes);
	const attributes = readAttributes(frame);
	checkFingerprint(bytes, attributes);
	const type = unpackType(frame.data.getUint16(0));
	const unknownRequired: number[] = [];
	for (const attribute of attributes) {
		if (attribute.name !== undefined) continue;
		const kind = understands.find(({ type }) => type === attribute.type);
		if (kind !== undefined) kind.decode(attribute, frame);
		else if (attribute.type < COMPREHENSION_OPTIONAL) unknownRequired.push(attribute.type);
	}
	return {
		class: type.class,
		method: type.method,
		transactionId: frame.transactionId,
		classic: frame.classic,
		attributes,
		unknownRequired,
		bytes,
	};
}
