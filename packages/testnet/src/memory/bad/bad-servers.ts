import type { SeededRandom } from "../seeded-random.js";
import type { DatagramHandler, HostPort, Reply } from "../types.js";
import {
	isStun,
	plainAddress,
	type RawAttribute,
	readAttributes,
	STUN,
	withAttributes,
	xorAddress,
} from "./stun-bytes.js";

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

/** Answers from an address that nobody asked. */
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
