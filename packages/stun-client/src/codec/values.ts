import { StunEncodeError } from "../errors.js";
import { packValue } from "./stun-package.js";
import type { AttributeCodec, ChangeRequestValue, ErrorCodeValue, PasswordAlgorithmValue } from "./types.js";

/** Thrown by the `decode` of an {@link AttributeCodec}. `decodeMessage` turns it into a StunDecodeError that says where. */
export class AttributeProblem extends Error {
	override readonly name = "AttributeProblem";
}

/** Bytes without further meaning: `min` to `max` of them, a multiple of `step`. */
export function bytesValue(min: number, max: number, step = 1): AttributeCodec<Uint8Array> {
	const fits = (length: number): boolean => length >= min && length <= max && length % step === 0;
	return {
		decode(raw) {
			if (!fits(raw.length)) throw new AttributeProblem(`${raw.length} bytes`);
			return raw;
		},
		encode(bytes) {
			if (!(bytes instanceof Uint8Array))
				throw new StunEncodeError("the value must be a Buffer or Uint8Array");
			if (!fits(bytes.length)) throw new StunEncodeError(`${bytes.length} bytes`);
			return bytes;
		},
	};
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(raw: Uint8Array): string {
	try {
		// Some servers, written in C, send the NUL that ends their strings.
		return utf8.decode(raw).replace(/\0+$/, "");
	} catch (cause) {
		throw new AttributeProblem("not UTF-8", { cause });
	}
}

/** UTF-8 text of at most `maxBytes` bytes. */
export function textValue(maxBytes: number): AttributeCodec<string> {
	return {
		decode(raw) {
			if (raw.length > maxBytes) throw new AttributeProblem(`${raw.length} bytes, more than ${maxBytes}`);
			return decodeUtf8(raw);
		},
		encode(text) {
			if (typeof text !== "string") throw new StunEncodeError("the value must be a string");
			const bytes = Buffer.from(text, "utf8");
			if (bytes.length > maxBytes)
				throw new StunEncodeError(`a text of ${bytes.length} bytes, more than ${maxBytes}`);
			return bytes;
		},
	};
}

/** No value at all: the presence of the attribute is what it says. */
export const flagValue: AttributeCodec<true> = {
	decode(raw) {
		if (raw.length !== 0) throw new AttributeProblem(`${raw.length} bytes, not 0`);
		return true;
	},
	encode: () => new Uint8Array(0),
};

const view = (raw: Uint8Array): DataView => new DataView(raw.buffer, raw.byteOffset, raw.byteLength);

function checkRange(value: number, max: number): void {
	if (!Number.isInteger(value) || value < 0 || value > max) throw new StunEncodeError(`number ${value}`);
}

/** A 32-bit number. */
export const uint32Value: AttributeCodec<number> = {
	decode(raw) {
		if (raw.length !== 4) throw new AttributeProblem(`${raw.length} bytes, not 4`);
		return view(raw).getUint32(0);
	},
	encode(value) {
		checkRange(value, 0xffffffff);
		const bytes = new Uint8Array(4);
		view(bytes).setUint32(0, value);
		return bytes;
	},
};

/** RESPONSE-PORT: a port. Its length may count the two bytes of padding or not (RFC 5780 section 7.5). */
export const responsePortValue: AttributeCodec<number> = {
	decode(raw) {
		if (raw.length !== 2 && raw.length !== 4) throw new AttributeProblem(`${raw.length} bytes, not 2 or 4`);
		return view(raw).getUint16(0);
	},
	encode(value, { type }) {
		checkRange(value, 0xffff);
		return packValue(type, value);
	},
};

/** UNKNOWN-ATTRIBUTES: attribute types (RFC 8489 section 14.9). RFC 3489 servers repeat one to fill 4 bytes. */
export const typeListValue: AttributeCodec<readonly number[]> = {
	decode(raw) {
		if (raw.length % 2 !== 0) throw new AttributeProblem(`${raw.length} bytes, an odd number`);
		const data = view(raw);
		const types = new Set<number>();
		for (let at = 0; at < raw.length; at += 2) types.add(data.getUint16(at));
		return [...types];
	},
	encode(types, { type }) {
		if (!Array.isArray(types)) throw new StunEncodeError("the value must be an array of attribute types");
		for (const each of types) checkRange(each, 0xffff);
		return packValue(type, [...types]);
	},
};

const CHANGE_IP = 4;
const CHANGE_PORT = 2;

/** CHANGE-REQUEST: 32 bits, two of which have a meaning (RFC 5780 section 7.2, RFC 3489 section 11.2.4). */
export const changeRequestValue: AttributeCodec<ChangeRequestValue> = {
	decode(raw) {
		if (raw.length !== 4) throw new AttributeProblem(`${raw.length} bytes, not 4`);
		const flags = raw[3] ?? 0;
		return { changeIp: (flags & CHANGE_IP) !== 0, changePort: (flags & CHANGE_PORT) !== 0 };
	},
	encode({ changeIp, changePort }, { type }) {
		return packValue(type, (changeIp ? CHANGE_IP : 0) | (changePort ? CHANGE_PORT : 0));
	},
};

/** A reason phrase has fewer than 128 characters, so at most 763 bytes (RFC 8489 section 14.8). */
const MAX_REASON_CHARACTERS = 127;
const MAX_REASON_BYTES = 763;

/**
 * ERROR-CODE: the class is the hundreds, the number the rest (RFC 8489 section 14.8). Any code from 300 to 699 is
 * accepted, so the codes of TURN need no registration.
 *
 *    0                    21    24       32
 *    +--------------------+-----+--------+---
 *    | 0                  |Class| Number | Reason (UTF-8)
 *    +--------------------+-----+--------+---
 */
export const errorCodeValue: AttributeCodec<ErrorCodeValue> = {
	decode(raw) {
		if (raw.length < 4) throw new AttributeProblem(`${raw.length} bytes, less than 4`);
		if (raw.length > 4 + MAX_REASON_BYTES) throw new AttributeProblem(`a reason of ${raw.length - 4} bytes`);
		const hundreds = (raw[2] ?? 0) & 7;
		const rest = raw[3] ?? 0;
		if (hundreds < 3 || hundreds > 6 || rest > 99)
			throw new AttributeProblem(`class ${hundreds} number ${rest}`);
		return { status: hundreds * 100 + rest, reason: decodeUtf8(raw.subarray(4)) };
	},
	encode({ status, reason }, { type }) {
		if (!Number.isInteger(status) || status < 300 || status > 699)
			throw new StunEncodeError(`error code ${status}`);
		if (typeof reason !== "string" || reason.length > MAX_REASON_CHARACTERS)
			throw new StunEncodeError(`the reason must be a string of at most ${MAX_REASON_CHARACTERS} characters`);
		return packValue(type, status, reason);
	},
};

/*
 * RFC 8489 sections 14.11 and 14.12, one algorithm:
 *
 *    0                16               32
 *    +----------------+----------------+
 *    | Algorithm      | Length n       |
 *    +----------------+----------------+
 *    | n bytes of parameters, to 4     |
 *    +---------------------------------+
 */

function readAlgorithms(raw: Uint8Array): PasswordAlgorithmValue[] {
	const data = view(raw);
	const found: PasswordAlgorithmValue[] = [];
	for (let at = 0; at < raw.length; ) {
		if (raw.length - at < 4) throw new AttributeProblem("an algorithm is cut short");
		const length = data.getUint16(at + 2);
		const end = at + 4 + length;
		if (end > raw.length) throw new AttributeProblem("the parameters of an algorithm are cut short");
		found.push({ algorithm: data.getUint16(at), parameters: raw.subarray(at + 4, end) });
		at = end + ((4 - (length % 4)) % 4);
	}
	return found;
}

function writeAlgorithms(values: readonly PasswordAlgorithmValue[]): Buffer {
	return Buffer.concat(
		values.map(({ algorithm, parameters }) => {
			checkRange(algorithm, 0xffff);
			const bytes = Buffer.alloc(4 + Math.ceil(parameters.length / 4) * 4);
			bytes.writeUInt16BE(algorithm, 0);
			bytes.writeUInt16BE(parameters.length, 2);
			bytes.set(parameters, 4);
			return bytes;
		}),
	);
}

/** PASSWORD-ALGORITHMS: what a server offers, the best first. */
export const passwordAlgorithmsValue: AttributeCodec<readonly PasswordAlgorithmValue[]> = {
	decode: readAlgorithms,
	encode: writeAlgorithms,
};

/** PASSWORD-ALGORITHM: the one that a client chose. */
export const passwordAlgorithmValue: AttributeCodec<PasswordAlgorithmValue> = {
	decode(raw) {
		const [value, ...more] = readAlgorithms(raw);
		if (value === undefined || more.length > 0) throw new AttributeProblem("not exactly one algorithm");
		return value;
	},
	encode: (value) => writeAlgorithms([value]),
};
