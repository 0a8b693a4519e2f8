import type { MessageClass } from "./types.js";

/** The magic cookie of RFC 5389 and later, in bytes 4 to 7 of the header (RFC 8489 section 5). */
export const MAGIC_COOKIE = 0x2112a442;

/** Bytes before the first attribute. */
export const HEADER_LENGTH = 20;

/** The Binding method, the only one that STUN itself defines (RFC 8489 section 18.2). */
export const BINDING_METHOD = 1;

/** The highest method: 12 bits. */
export const MAX_METHOD = 0xfff;

const CLASSES: readonly MessageClass[] = ["request", "indication", "success", "error"];

/*
 * RFC 8489 section 5, figure 3: the two bits of the class are interleaved with the twelve of the method.
 *
 *   0 0 M11 M10 M9 M8 M7 C1 M6 M5 M4 C0 M3 M2 M1 M0
 */

/** Packs a method and a class into the 14 bits of the message type. */
export function packType(method: number, messageClass: MessageClass): number {
	const bits = CLASSES.indexOf(messageClass);
	return (
		((method & 0xf80) << 2) | ((method & 0x70) << 1) | (method & 0xf) | ((bits & 2) << 7) | ((bits & 1) << 4)
	);
}

/** Reads the method and the class out of the 14 bits of the message type. */
export function unpackType(type: number): { method: number; class: MessageClass } {
	const method = ((type & 0x3e00) >> 2) | ((type & 0xe0) >> 1) | (type & 0xf);
	const bits = ((type & 0x100) >> 7) | ((type & 0x10) >> 4);
	return { method, class: CLASSES[bits] ?? "request" };
}

/** Whether bytes can be a whole STUN message. Tells STUN from other traffic on the same socket (RFC 8489 section 5). */
export function looksLikeStun(bytes: Uint8Array): boolean {
	if (!(bytes instanceof Uint8Array) || bytes.length < HEADER_LENGTH || ((bytes[0] ?? 0) & 0xc0) !== 0)
		return false;
	const length = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
	return length % 4 === 0 && length + HEADER_LENGTH === bytes.length;
}
