import {
	decodeMessage,
	encodeMessage,
	type NamedAttribute,
	type RawAttribute,
} from "@p2pd/stun-client/codec";
import type { HostPort } from "@p2pd/testnet";
import type { Wrap } from "./scene.js";

/** Answers everything from the address asked, as if there were no CHANGE-REQUEST. */
export const ignoresChange: Wrap = (honest) => (data, from, localTo) =>
	honest(withoutChange(data), from, localTo);

/** Drops what carries CHANGE-REQUEST, and answers all else: its silence looks like a filter's. */
export const dropsChange: Wrap = (honest) => (data, from, localTo) =>
	hasChange(data) ? [] : honest(data, from, localTo);

/**
 * Pretends that a filter keeps its changed replies out: it sends none, except to those that have contacted its other
 * address, so that a positive control passes.
 */
export const fakesSilence: Wrap = (honest, { primary }) => {
	const contacted = new Set<string>();
	return (data, from, localTo) => {
		const asker = `${from.ip} ${from.port}`;
		if (localTo.ip !== primary.ip || localTo.port !== primary.port) contacted.add(asker);
		return hasChange(data) && !contacted.has(asker) ? [] : honest(data, from, localTo);
	};
};

/** Names another address than its own as its second one. */
export const namesOther =
	(other: HostPort): Wrap =>
	(honest) =>
	(data, from, localTo) =>
		honest(data, from, localTo).map((reply) => ({
			...reply,
			data: rewrite(reply.data, (attribute) =>
				attribute.name === "OTHER-ADDRESS" ? { name: "OTHER-ADDRESS", value: other } : attribute,
			),
		}));

/** Has one address only, and refuses CHANGE-REQUEST. */
export const singleAddress: Wrap = (honest) => (data, from, localTo) =>
	hasChange(data)
		? []
		: honest(data, from, localTo).map((reply) => ({
				...reply,
				data: rewrite(reply.data, (attribute) => (attribute.name === "OTHER-ADDRESS" ? null : attribute)),
			}));

/** Answers plain requests from its other address. */
export const wrongSource: Wrap =
	(honest, { alternate }) =>
	(data, from, localTo) =>
		honest(data, from, localTo).map((reply) => (alternate === null ? reply : { ...reply, from: alternate }));

/** Answers with another transaction id. */
export const wrongId: Wrap = (honest) => (data, from, localTo) =>
	honest(data, from, localTo).map((reply) => {
		const bytes = Uint8Array.from(reply.data);
		bytes[19] = (bytes[19] ?? 0) ^ 0xff;
		return { ...reply, data: bytes };
	});

/** Answers with bytes that are no STUN. */
export const garbage: Wrap = () => (data) => [{ data: data.map((byte) => byte ^ 0x5a) }];

/** Refuses everybody. */
export const refuses: Wrap = () => (data) => [
	{
		data: encodeMessage({
			class: "error",
			transactionId: decodeMessage(data).transactionId,
			attributes: [{ name: "ERROR-CODE", value: { status: 500, reason: "Server Error" } }],
		}),
	},
];

/** Answers everything twice. */
export const twice: Wrap = (honest) => (data, from, localTo) => {
	const replies = honest(data, from, localTo);
	return [...replies, ...replies.map((reply) => ({ ...reply, afterMs: 5 }))];
};

/** Is slower than the others. */
export const slow =
	(afterMs: number): Wrap =>
	(honest) =>
	(data, from, localTo) =>
		honest(data, from, localTo).map((reply) => ({ ...reply, afterMs }));

const hasChange = (data: Uint8Array): boolean =>
	decodeMessage(data).attributes.some(({ name }) => name === "CHANGE-REQUEST");

function withoutChange(data: Uint8Array): Uint8Array {
	return rewrite(data, (attribute) => (attribute.name === "CHANGE-REQUEST" ? null : attribute));
}

function rewrite(data: Uint8Array, change: (attribute: NamedAttribute) => NamedAttribute | null): Uint8Array {
	const message = decodeMessage(data);
	const attributes = message.attributes.flatMap((attribute): (NamedAttribute | RawAttribute)[] => {
		if (attribute.name === undefined) return [{ type: attribute.type, value: attribute.raw }];
		const kept = change({ name: attribute.name, value: attribute.value } as NamedAttribute);
		return kept === null ? [] : [kept];
	});
	return encodeMessage({ class: message.class, transactionId: message.transactionId, attributes });
}
