import { FINGERPRINT_XOR } from "./constants.js";

/** Table of the CRC-32 of ITU V.42, the reflected polynomial 0xedb88320. */
const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
	let rest = byte;
	for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
	return rest;
});

/** The CRC-32 of bytes. */
function crc32(bytes: Uint8Array): number {
	let rest = 0xffffffff;
	for (const byte of bytes) rest = (rest >>> 8) ^ (TABLE[(rest ^ byte) & 0xff] ?? 0);
	return (rest ^ 0xffffffff) >>> 0;
}

/** FINGERPRINT's value for a message of which `before` is all up to that attribute (RFC 8489 section 14.7). */
export function fingerprintOf(before: Uint8Array): number {
	return (crc32(before) ^ FINGERPRINT_XOR) >>> 0;
}
