import { StunDecodeError } from "../errors.js";
import { AttributeProblem } from "./attributes/problem.js";
import { ATTRIBUTE_CODECS, attributeName } from "./attributes/registry.js";
import type { AttributeCodec } from "./attributes/types.js";
import { ATTRIBUTE_TYPES, COMPREHENSION_OPTIONAL, HEADER_LENGTH, MAGIC_COOKIE } from "./constants.js";
import { fingerprintOf } from "./fingerprint.js";
import { unpackType } from "./message-type.js";
import type { StunAttribute, StunMessage } from "./types.js";

/** A message's header, checked against the bytes that follow. */
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
 * Which attributes count, given those before (RFC 8489 sections 14.5 to 14.7): after MESSAGE-INTEGRITY only its
 * SHA-256 sister and FINGERPRINT, after that one only FINGERPRINT, and after FINGERPRINT nothing may come.
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
 * Reads one message that is all of `bytes`. It checks the type bits, the length and its alignment, that nothing
 * follows, every attribute's bounds and value, and FINGERPRINT if it is there. The padding's content is not
 * checked: RFC 3489 servers and the test vectors of RFC 5769 fill it with anything.
 *
 * The message keeps views into `bytes`; do not reuse them.
 *
 * @throws {StunDecodeError} ERR_STUN_DECODE, with the place and the offset of what is wrong
 */
export function decodeMessage(bytes: Uint8Array): StunMessage {
	const frame = readFrame(bytes);
	const attributes = readAttributes(frame);
	checkFingerprint(bytes, attributes);
	const type = unpackType(frame.data.getUint16(0));
	const unknownRequired: number[] = [];
	for (const { name, type } of attributes) {
		if (name === undefined && type < COMPREHENSION_OPTIONAL) unknownRequired.push(type);
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

/** Whether bytes can be the start of a STUN message: for telling it from other traffic on a socket (RFC 8489 section 5). */
export function looksLikeStun(bytes: Uint8Array): boolean {
	if (bytes.length < HEADER_LENGTH || ((bytes[0] ?? 0) & 0xc0) !== 0) return false;
	const length = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
	return length % 4 === 0 && length + HEADER_LENGTH === bytes.length;
}
