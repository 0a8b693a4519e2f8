import { IP4 } from "../family.js";
import type { Family } from "../types.js";

/** The bytes of a value in network order: 4 or 16. */
export function toBytes(value: bigint, af: Family): Uint8Array {
	const bytes = new Uint8Array(af === IP4 ? 4 : 16);
	let rest = value;
	for (let i = bytes.length - 1; i >= 0; i--) {
		bytes[i] = Number(rest & 0xffn);
		rest >>= 8n;
	}
	return bytes;
}

/** The value of bytes in network order. */
export function fromBytes(bytes: Uint8Array): bigint {
	return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
