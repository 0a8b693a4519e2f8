import { StunEncodeError } from "../../errors.js";
import { packValue } from "../stun-package.js";
import { AttributeProblem } from "./problem.js";
import type { AttributeCodec } from "./types.js";

const view = (raw: Uint8Array): DataView => new DataView(raw.buffer, raw.byteOffset, raw.byteLength);

function checkRange(value: number, max: number): void {
	if (!Number.isInteger(value) || value < 0 || value > max) throw new StunEncodeError(`number ${value}`);
}

/** A 32-bit number. */
export const uint32Codec: AttributeCodec<number> = {
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

/** RESPONSE-PORT: a port, with its two bytes of padding inside or outside the length (RFC 5780 section 7.5). */
export const responsePortCodec: AttributeCodec<number> = {
	decode(raw) {
		if (raw.length !== 2 && raw.length !== 4) throw new AttributeProblem(`${raw.length} bytes, not 2 or 4`);
		return view(raw).getUint16(0);
	},
	encode(value, { type }) {
		checkRange(value, 0xffff);
		return packValue(type, value);
	},
};

/** UNKNOWN-ATTRIBUTES: a list of attribute types (RFC 8489 section 14.9). RFC 3489 servers repeat one to fill 4 bytes. */
export const typeListCodec: AttributeCodec<readonly number[]> = {
	decode(raw) {
		if (raw.length % 2 !== 0) throw new AttributeProblem(`${raw.length} bytes, not pairs`);
		const data = view(raw);
		const types = new Set<number>();
		for (let at = 0; at < raw.length; at += 2) types.add(data.getUint16(at));
		return [...types];
	},
	encode(types, { type }) {
		for (const each of types) checkRange(each, 0xffff);
		return packValue(type, [...types]);
	},
};
