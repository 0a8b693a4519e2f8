import type { MessageClass } from "./types.js";

const CLASSES: readonly MessageClass[] = ["request", "indication", "success", "error"];

/** The highest method: 12 bits. */
export const MAX_METHOD = 0xfff;

/*
 * RFC 8489 section 5, figure 3: the class's two bits stand between the method's twelve.
 *
 *   0 0 M11 M10 M9 M8 M7 C1 M6 M5 M4 C0 M3 M2 M1 M0
 */

/** The 14 bits that stand for a method and a class. */
export function packType(method: number, messageClass: MessageClass): number {
	const bits = CLASSES.indexOf(messageClass);
	return (
		((method & 0xf80) << 2) | ((method & 0x70) << 1) | (method & 0xf) | ((bits & 2) << 7) | ((bits & 1) << 4)
	);
}

/** The method and the class that 14 bits stand for. */
export function unpackType(type: number): { method: number; class: MessageClass } {
	const method = ((type & 0x3e00) >> 2) | ((type & 0xe0) >> 1) | (type & 0xf);
	const bits = ((type & 0x100) >> 7) | ((type & 0x10) >> 4);
	return { method, class: CLASSES[bits] ?? "request" };
}
