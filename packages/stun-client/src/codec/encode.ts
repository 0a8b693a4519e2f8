import { type Fields, is, objectProblem } from "@p2pd/net";
import { StunEncodeError } from "../errors.js";
import { ATTRIBUTE_TYPES, rawAttribute } from "./attributes.js";
import { BINDING_METHOD, HEADER_LENGTH, MAX_METHOD, packType } from "./header.js";
import { fingerprintOf, integrityOf } from "./integrity.js";
import { packFrame } from "./stun-package.js";
import type { IntegrityOptions, MessageInput } from "./types.js";

const MESSAGE_FIELDS: Fields = {
	class: is.oneOf("request", "indication", "success", "error"),
	method: is.whole(0, MAX_METHOD),
	transactionId: is.bytes,
	attributes: is.listOf(is.object),
	integrity: is.shape(
		{ key: is.bytes, algorithm: is.oneOf("sha1", "sha256", "both") },
		{ required: ["key"] },
	),
	fingerprint: is.boolean,
};

/** Appends one attribute to a complete message and corrects its length. */
function append(message: Buffer, type: number, value: Uint8Array): Buffer {
	const header = Buffer.alloc(4);
	header.writeUInt16BE(type, 0);
	header.writeUInt16BE(value.length, 2);
	const longer = Buffer.concat([message, header, value]);
	longer.writeUInt16BE(longer.length - HEADER_LENGTH, 2);
	return longer;
}

function seal(message: Buffer, { key, algorithm = "sha1" }: IntegrityOptions): Buffer {
	let sealed = message;
	if (algorithm !== "sha256") {
		sealed = append(sealed, ATTRIBUTE_TYPES["MESSAGE-INTEGRITY"], integrityOf(sealed, 20, key, "sha1"));
	}
	if (algorithm !== "sha1") {
		sealed = append(
			sealed,
			ATTRIBUTE_TYPES["MESSAGE-INTEGRITY-SHA256"],
			integrityOf(sealed, 32, key, "sha256"),
		);
	}
	return sealed;
}

function sign(message: Buffer): Buffer {
	const value = Buffer.alloc(4);
	const signed = append(message, ATTRIBUTE_TYPES.FINGERPRINT, value);
	// The CRC covers the length that already counts the attribute.
	signed.writeUInt32BE(fingerprintOf(signed.subarray(0, message.length)), message.length + 4);
	return signed;
}

/**
 * Writes a message: header, the attributes in the order given, then integrity and FINGERPRINT if asked for.
 *
 * @throws {StunEncodeError} ERR_STUN_ENCODE if a value has no wire form
 */
export function encodeMessage(input: MessageInput): Buffer {
	const problem = objectProblem(input, "message", MESSAGE_FIELDS, { required: ["class", "transactionId"] });
	if (problem !== null) throw new StunEncodeError(`${problem.path} ${problem.message}`);
	const { transactionId, method = BINDING_METHOD } = input;
	if (transactionId.length !== 12 && transactionId.length !== 16) {
		throw new StunEncodeError(`a transaction id of ${transactionId.length} bytes, not 12 or 16`);
	}
	const values = (input.attributes ?? []).map((each) => rawAttribute(each, transactionId));
	let size = 0;
	for (const { type, value } of values) {
		if (!Number.isInteger(type) || type < 0 || type > 0xffff)
			throw new StunEncodeError(`attribute type ${type}`);
		size += 4 + Math.ceil(value.length / 4) * 4;
	}
	// 64 bytes are kept for integrity and FINGERPRINT.
	if (size > 0xffff - 64) throw new StunEncodeError(`attributes of ${size} bytes`);
	let message = packFrame(packType(method, input.class), transactionId, values);
	if (input.integrity !== undefined) message = seal(message, input.integrity);
	return input.fingerprint === true ? sign(message) : message;
}
