import type { RandomBytes } from "@p2pd/net";
import { decodeMessage } from "../codec/decode.js";
import { encodeMessage } from "../codec/encode.js";
import { BINDING_METHOD, HEADER_LENGTH, MAGIC_COOKIE } from "../codec/header.js";
import type { AttributeInput, StunMessage } from "../codec/types.js";
import { StunDecodeError } from "../errors.js";
import { transactionKey } from "./transactions.js";
import type { StunRequestOptions } from "./types.js";

/** A new transaction id: 12 bytes, or 16 for an RFC 3489 message. */
export function newTransactionId(random: RandomBytes, classic: boolean): Uint8Array {
	if (!classic) return random(12);
	const id = Uint8Array.from(random(16));
	// An RFC 3489 id must not look like a magic cookie by chance.
	if (new DataView(id.buffer).getUint32(0) === MAGIC_COOKIE) id[0] = 0;
	return id;
}

function requestAttributes(options: StunRequestOptions): AttributeInput[] {
	const { changeIp = false, changePort = false, attributes = [] } = options;
	if (!changeIp && !changePort) return [...attributes];
	return [{ name: "CHANGE-REQUEST", value: { changeIp, changePort } }, ...attributes];
}

/** The bytes of a request. */
export function encodeRequest(id: Uint8Array, options: StunRequestOptions): Buffer {
	return encodeMessage({
		class: "request",
		method: options.method ?? BINDING_METHOD,
		transactionId: id,
		attributes: requestAttributes(options),
		...(options.integrity === undefined ? {} : { integrity: options.integrity }),
		...(options.fingerprint === undefined ? {} : { fingerprint: options.fingerprint }),
	});
}

/** The bits of the first byte that are zero in every STUN message, and the one that is set in every response (RFC 8489 section 5). */
const NEVER_SET = 0xc0;
const RESPONSE = 0x01;

/** The key of the transaction id in a datagram; undefined if the datagram cannot be a response. */
export function replyKey(data: Buffer): string | undefined {
	const first = data[0] ?? 0;
	if (data.length < HEADER_LENGTH || (first & NEVER_SET) !== 0 || (first & RESPONSE) === 0) return undefined;
	const classic = data.readUInt32BE(4) !== MAGIC_COOKIE;
	return transactionKey(data.subarray(classic ? 4 : 8, HEADER_LENGTH));
}

/** The response to a request, or undefined if the datagram is malformed, not such a response, or refused by `accept`. */
export function readReply(
	data: Buffer,
	{
		method = BINDING_METHOD,
		understands,
		accept,
	}: Pick<StunRequestOptions, "method" | "understands" | "accept">,
): StunMessage | undefined {
	try {
		const message = decodeMessage(data, understands === undefined ? {} : { understands });
		const isResponse = message.class === "success" || message.class === "error";
		if (!isResponse || message.method !== method) return undefined;
		return accept === undefined || accept(message) ? message : undefined;
	} catch (error) {
		if (error instanceof StunDecodeError) return undefined;
		throw error;
	}
}
