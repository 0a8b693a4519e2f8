import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { is } from "@p2pd/net";
import { checkArgument } from "../arguments.js";
import { getAttribute } from "./message.js";
import type { StunMessage } from "./types.js";

/** HMAC over `before`, the message up to the attribute, with a length field that includes the attribute. */
export function integrityOf(
	before: Uint8Array,
	attributeLength: number,
	key: Uint8Array,
	algorithm: "sha1" | "sha256",
): Buffer {
	const bytes = Buffer.from(before);
	bytes.writeUInt16BE(before.length - 20 + 4 + attributeLength, 2);
	return createHmac(algorithm, key).update(bytes).digest();
}

/** The outcome of an integrity check. */
export type IntegrityVerdict = "valid" | "invalid" | "absent";

/**
 * Checks MESSAGE-INTEGRITY-SHA256 if present, else MESSAGE-INTEGRITY, over the received bytes (RFC 8489 sections 14.5
 * and 14.6: with both present, the SHA-256 one counts).
 */
export function checkIntegrity(
	message: StunMessage,
	key: Uint8Array,
	algorithm: "sha1" | "sha256" | "any" = "any",
): IntegrityVerdict {
	const strong = algorithm === "sha1" ? undefined : getAttribute(message, "MESSAGE-INTEGRITY-SHA256");
	const found = strong ?? (algorithm === "sha256" ? undefined : getAttribute(message, "MESSAGE-INTEGRITY"));
	if (found === undefined) return "absent";
	const name = found === strong ? "sha256" : "sha1";
	const right = integrityOf(message.bytes.subarray(0, found.offset), found.raw.length, key, name);
	// MESSAGE-INTEGRITY-SHA256 may be cut to as few as 16 bytes.
	return timingSafeEqual(right.subarray(0, found.raw.length), found.raw) ? "valid" : "invalid";
}

/** The key of the long-term mechanism (RFC 8489 section 18.5.1): a hash of "username:realm:password". */
export function longTermKey(
	username: string,
	realm: string,
	password: string,
	algorithm: "md5" | "sha256" = "md5",
): Buffer {
	for (const [name, value] of Object.entries({ username, realm, password }))
		checkArgument(value, name, is.text);
	checkArgument(algorithm, "algorithm", is.oneOf("md5", "sha256"));
	return createHash(algorithm).update(`${username}:${realm}:${password}`, "utf8").digest();
}

/** The key of the short-term mechanism (RFC 8489 section 9.1.1): the password. */
export function shortTermKey(password: string): Buffer {
	checkArgument(password, "password", is.text);
	return Buffer.from(password, "utf8");
}

/** What the CRC of FINGERPRINT is XORed with: "STUN" in ASCII (RFC 8489 section 14.7). */
const FINGERPRINT_XOR = 0x5354554e;

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

/** The value of FINGERPRINT; `before` is the message up to that attribute (RFC 8489 section 14.7). */
export function fingerprintOf(before: Uint8Array): number {
	return (crc32(before) ^ FINGERPRINT_XOR) >>> 0;
}
