import { createRequire } from "node:module";

/** The plain npm package "stun", as its users have it. */
interface PlainMessage {
	addXorAddress(ip: string, port: number): unknown;
	addAddress(ip: string, port: number): unknown;
	addSoftware(text: string): unknown;
	addFingerprint(): unknown;
	addAttribute(type: number, ...values: unknown[]): unknown;
	getAttribute(type: number): { readonly value: unknown } | undefined;
	toBuffer(): Buffer;
}

interface PlainStun {
	createMessage(type: number, transactionId: Buffer): PlainMessage;
	decode(bytes: Buffer): PlainMessage;
	validateFingerprint(message: PlainMessage): boolean;
}

/** Loaded as CommonJS, which it is. */
export const plainStun: PlainStun = createRequire(import.meta.url)("stun") as PlainStun;
