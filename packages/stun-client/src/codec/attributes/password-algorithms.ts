import type { PasswordAlgorithmValue } from "../types.js";
import { AttributeProblem } from "./problem.js";
import type { AttributeCodec } from "./types.js";

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

function readAll(raw: Uint8Array): PasswordAlgorithmValue[] {
	const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
	const found: PasswordAlgorithmValue[] = [];
	for (let at = 0; at < raw.length; ) {
		if (raw.length - at < 4) throw new AttributeProblem("an algorithm is cut short");
		const length = view.getUint16(at + 2);
		const end = at + 4 + length;
		if (end > raw.length) throw new AttributeProblem("an algorithm's parameters are cut short");
		found.push({ algorithm: view.getUint16(at), parameters: raw.subarray(at + 4, end) });
		at = end + ((4 - (length % 4)) % 4);
	}
	return found;
}

function writeAll(values: readonly PasswordAlgorithmValue[]): Buffer {
	return Buffer.concat(
		values.map(({ algorithm, parameters }) => {
			const bytes = Buffer.alloc(4 + Math.ceil(parameters.length / 4) * 4);
			bytes.writeUInt16BE(algorithm, 0);
			bytes.writeUInt16BE(parameters.length, 2);
			bytes.set(parameters, 4);
			return bytes;
		}),
	);
}

/** PASSWORD-ALGORITHMS: what a server offers, best first. */
export const passwordAlgorithmsCodec: AttributeCodec<readonly PasswordAlgorithmValue[]> = {
	decode: readAll,
	encode: writeAll,
};

/** PASSWORD-ALGORITHM: the one that a client chose. */
export const passwordAlgorithmCodec: AttributeCodec<PasswordAlgorithmValue> = {
	decode(raw) {
		const [value, ...more] = readAll(raw);
		if (value === undefined || more.length > 0) throw new AttributeProblem("not one algorithm");
		return value;
	},
	encode: (value) => writeAll([value]),
};
