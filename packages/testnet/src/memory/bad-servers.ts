import { requireIp } from "../ip.js";
import type { SeededRandom } from "./seeded-random.js";
import type { DatagramHandler, HostPort, Reply } from "./types.js";

/*
 * Servers that misbehave, each in one way, made from a handler that behaves. They work on the bytes alone, so
 * they know nothing of who wrote the handler. A tampered message carries no FINGERPRINT or MESSAGE-INTEGRITY.
 */

/** Never answers. */
export const deadServer = (): DatagramHandler => () => [];

/** Answers late, by `ms`. */
export const slowServer = (handler: DatagramHandler, ms: number): DatagramHandler =>
	eachReply(handler, (reply) => [{ ...reply, afterMs: (reply.afterMs ?? 0) + ms }]);

/** Answers each request twice, the second time after `ms`. */
export const doublingServer = (handler: DatagramHandler, ms = 1): DatagramHandler =>
	eachReply(handler, (reply) => [reply, { ...reply, afterMs: (reply.afterMs ?? 0) + ms }]);

/** Answers from an address that the request was not sent to. */
export const wrongSourceServer = (handler: DatagramHandler, source: HostPort): DatagramHandler =>
	eachReply(handler, (reply) => [{ ...reply, from: source }]);

/** Says that the client is seen as `lie`, or as what `lie` makes of the truth. Liars that agree collude. */
export const lyingServer = (
	handler: DatagramHandler,
	lie: HostPort | ((truth: HostPort) => HostPort),
): DatagramHandler =>
	withRequest(handler, (reply, _data, from) => {
		const address = typeof lie === "function" ? lie(from) : lie;
		return [rewrite(reply, (attribute) => relabel(attribute, address, reply.data))];
	});

const relabel = (attribute: RawAttribute, address: HostPort, message: Uint8Array): RawAttribute => {
	if (attribute.type === STUN.MAPPED_ADDRESS) return { ...attribute, value: plainAddress(address) };
	const xored =
		attribute.type === STUN.XOR_MAPPED_ADDRESS || attribute.type === STUN.DRAFT_XOR_MAPPED_ADDRESS;
	return xored ? { ...attribute, value: xorAddress(address, message) } : attribute;
};

/**
 * Gives a wrong second address (OTHER-ADDRESS, CHANGED-ADDRESS) where it gives one: `own` is the very address
 * and port that was asked.
 */
export const otherAddressServer = (handler: DatagramHandler, other: HostPort | "own"): DatagramHandler =>
	withRequest(handler, (reply, _data, _from, localTo) => [
		rewrite(reply, (attribute) =>
			attribute.type === STUN.OTHER_ADDRESS || attribute.type === STUN.CHANGED_ADDRESS
				? { ...attribute, value: plainAddress(other === "own" ? localTo : other) }
				: attribute,
		),
	]);

/** Answers with a transaction id of its own. */
export const wrongTransactionServer = (handler: DatagramHandler, random: SeededRandom): DatagramHandler =>
	eachReply(handler, (reply) => {
		const data = reply.data.slice();
		data.set(random.bytes(12), 8);
		return [{ ...reply, data }];
	});

/** Answers with random bytes, as many as the right answer had. */
export const garbageServer = (handler: DatagramHandler, random: SeededRandom): DatagramHandler =>
	eachReply(handler, (reply) => [{ ...reply, data: random.bytes(reply.data.length) }]);

/** Answers with an error instead (RFC 8489 section 14.8), 300 to 699. */
export const errorServer = (handler: DatagramHandler, code: number, reason = "no"): DatagramHandler => {
	const text = new TextEncoder().encode(reason);
	const value = new Uint8Array(4 + text.length);
	value[2] = Math.floor(code / 100);
	value[3] = code % 100;
	value.set(text, 4);
	return eachReply(handler, (reply) => {
		const type = ((reply.data[0] ?? 0) << 8) | (reply.data[1] ?? 0) | 0x0110;
		return [{ ...reply, data: withAttributes(reply.data, [{ type: STUN.ERROR_CODE, value }], type) }];
	});
};

/** Answers CHANGE-REQUEST as if it had not been there: from where it was asked. */
export const unchangingServer =
	(handler: DatagramHandler): DatagramHandler =>
	(data, from, localTo) => {
		if (!isStun(data)) return handler(data, from, localTo);
		const attributes = readAttributes(data).filter(({ type }) => type !== STUN.CHANGE_REQUEST);
		return handler(withAttributes(data, attributes), from, localTo);
	};

function rewrite(reply: Reply, change: (attribute: RawAttribute) => RawAttribute): Reply {
	if (!isStun(reply.data)) return reply;
	return { ...reply, data: withAttributes(reply.data, readAttributes(reply.data).map(change)) };
}

function eachReply(handler: DatagramHandler, change: (reply: Reply) => readonly Reply[]): DatagramHandler {
	return (data, from, localTo) => handler(data, from, localTo).flatMap(change);
}

function withRequest(
	handler: DatagramHandler,
	change: (reply: Reply, data: Uint8Array, from: HostPort, localTo: HostPort) => readonly Reply[],
): DatagramHandler {
	return (data, from, localTo) =>
		handler(data, from, localTo).flatMap((reply) => change(reply, data, from, localTo));
}

/** One attribute of a STUN message: its type, and its value without padding. */
export interface RawAttribute {
	readonly type: number;
	readonly value: Uint8Array;
}

/** The attributes that a bad server tampers with. */
export const STUN = {
	MAPPED_ADDRESS: 0x0001,
	CHANGE_REQUEST: 0x0003,
	CHANGED_ADDRESS: 0x0005,
	MESSAGE_INTEGRITY: 0x0008,
	ERROR_CODE: 0x0009,
	XOR_MAPPED_ADDRESS: 0x0020,
	MESSAGE_INTEGRITY_SHA256: 0x001c,
	DRAFT_XOR_MAPPED_ADDRESS: 0x8020,
	FINGERPRINT: 0x8028,
	OTHER_ADDRESS: 0x802c,
} as const;

/** Attributes with a checksum over the message. They are removed from a tampered message, where they would be wrong. */
const SIGNATURES: ReadonlySet<number> = new Set([
	STUN.MESSAGE_INTEGRITY,
	STUN.MESSAGE_INTEGRITY_SHA256,
	STUN.FINGERPRINT,
]);

const HEADER = 20;

/** Whether the bytes start like a STUN message: two zero bits, and a length that fits. */
export function isStun(data: Uint8Array): boolean {
	const view = viewOf(data);
	return data.length >= HEADER && (data[0] ?? 0xff) < 0x40 && view.getUint16(2) + HEADER === data.length;
}

/** The attributes of a STUN message; what does not fit ends the list. */
export function readAttributes(data: Uint8Array): RawAttribute[] {
	const view = viewOf(data);
	const out: RawAttribute[] = [];
	for (let at = HEADER; at + 4 <= data.length; ) {
		const length = view.getUint16(at + 2);
		if (at + 4 + length > data.length) break;
		out.push({ type: view.getUint16(at), value: data.slice(at + 4, at + 4 + length) });
		at += 4 + Math.ceil(length / 4) * 4;
	}
	return out;
}

/** The message with other attributes, and if wanted of another type; the transaction stays. */
export function withAttributes(
	data: Uint8Array,
	attributes: readonly RawAttribute[],
	type?: number,
): Uint8Array {
	const kept = attributes.filter((attribute) => !SIGNATURES.has(attribute.type));
	const size = kept.reduce((sum, { value }) => sum + 4 + Math.ceil(value.length / 4) * 4, 0);
	const out = new Uint8Array(HEADER + size);
	out.set(data.subarray(0, HEADER));
	const view = viewOf(out);
	if (type !== undefined) view.setUint16(0, type);
	view.setUint16(2, size);
	let at = HEADER;
	for (const attribute of kept) {
		view.setUint16(at, attribute.type);
		view.setUint16(at + 2, attribute.value.length);
		out.set(attribute.value, at + 4);
		at += 4 + Math.ceil(attribute.value.length / 4) * 4;
	}
	return out;
}

/** An address as an attribute's value: 0, family, port, address (RFC 8489 section 14.1). */
export function plainAddress({ ip, port }: HostPort): Uint8Array {
	const { af, value } = requireIp(ip);
	const out = new Uint8Array(af === 4 ? 8 : 20);
	out[1] = af === 4 ? 1 : 2;
	viewOf(out).setUint16(2, port);
	for (let i = out.length - 1, left = value; i >= 4; i--, left >>= 8n) out[i] = Number(left & 0xffn);
	return out;
}

/** The same, combined with the cookie and transaction id of a message (RFC 8489 section 14.2). */
export function xorAddress(address: HostPort, message: Uint8Array): Uint8Array {
	const out = plainAddress(address);
	for (let i = 2; i < 4; i++) out[i] = (out[i] ?? 0) ^ (message[i + 2] ?? 0);
	for (let i = 4; i < out.length; i++) out[i] = (out[i] ?? 0) ^ (message[i] ?? 0);
	return out;
}

function viewOf(data: Uint8Array): DataView {
	return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
