import type { Endpoint } from "@p2pd/net";
import { encodeMessage } from "../codec/encode.js";
import { HEADER_LENGTH, MAGIC_COOKIE } from "../codec/header.js";
import { attributeValue } from "../codec/message.js";
import type { NamedAttribute, StunMessage } from "../codec/types.js";
import { MAX_AMPLIFICATION } from "../defaults.js";

/** The addresses in one reply. */
export interface ReplyAddresses {
	/** The client, as the server sees it. */
	readonly mapped: Endpoint;
	/** Where the reply is sent from; null if the server does not know, because it is bound to an any-address. */
	readonly origin: Endpoint | null;
	/** The address that differs from the one asked in both IP and port, if there is one. */
	readonly other: Endpoint | undefined;
}

/** An address as an attribute carries it: a zone means something on one machine only. */
const bare = ({ ip, port }: Endpoint): Endpoint => ({ ip: ip.split("%")[0] ?? ip, port });

/** Adds an attribute if the reply stays within the amplification limit. */
function addOptional(
	attributes: NamedAttribute[],
	extra: NamedAttribute,
	request: StunMessage,
	reply: (attributes: readonly NamedAttribute[]) => Buffer,
): Buffer {
	const limit = request.bytes.length * MAX_AMPLIFICATION;
	const longer = reply([...attributes, extra]);
	return longer.length <= limit ? longer : reply(attributes);
}

/** A success response to an RFC 3489 request. It has no attribute that such a client would refuse. */
export function classicReply(request: StunMessage, { mapped, origin, other }: ReplyAddresses): Buffer {
	const attributes: NamedAttribute[] = [{ name: "MAPPED-ADDRESS", value: bare(mapped) }];
	if (origin !== null) attributes.push({ name: "SOURCE-ADDRESS", value: bare(origin) });
	if (other !== undefined) attributes.push({ name: "CHANGED-ADDRESS", value: bare(other) });
	const xored: NamedAttribute = { name: "XOR-MAPPED-ADDRESS-DRAFT", value: bare(mapped) };
	return addOptional(attributes, xored, request, (attributes) =>
		encodeMessage({ class: "success", transactionId: request.transactionId, attributes }),
	);
}

/** A success response to an RFC 8489 request, with the attributes of RFC 5780. */
export function modernReply(
	request: StunMessage,
	{ mapped, origin, other }: ReplyAddresses,
	software: string,
	padding: number,
): Buffer {
	const attributes: NamedAttribute[] = [{ name: "XOR-MAPPED-ADDRESS", value: bare(mapped) }];
	if (origin !== null) attributes.push({ name: "RESPONSE-ORIGIN", value: bare(origin) });
	if (other !== undefined) attributes.push({ name: "OTHER-ADDRESS", value: bare(other) });
	const reply = (attributes: readonly NamedAttribute[]): Buffer =>
		encodeMessage({
			class: "success",
			transactionId: request.transactionId,
			attributes,
			fingerprint: attributeValue(request, "FINGERPRINT") !== undefined,
		});
	if (padding > 0) return reply([...attributes, { name: "PADDING", value: new Uint8Array(padding) }]);
	if (software === "") return reply(attributes);
	return addOptional(attributes, { name: "SOFTWARE", value: software }, request, reply);
}

/** Types that UNKNOWN-ATTRIBUTES lists at most. With more, the reply would grow with the request. */
const MAX_UNKNOWN_NAMED = 16;

/** An error response. */
export function errorReply(
	request: StunMessage,
	status: number,
	reason: string,
	unknown: readonly number[] = [],
): Buffer {
	const attributes: NamedAttribute[] = [{ name: "ERROR-CODE", value: { status, reason } }];
	if (unknown.length > 0) {
		attributes.push({ name: "UNKNOWN-ATTRIBUTES", value: unknown.slice(0, MAX_UNKNOWN_NAMED) });
	}
	return encodeMessage({
		class: "error",
		transactionId: request.transactionId,
		attributes,
		fingerprint: attributeValue(request, "FINGERPRINT") !== undefined,
	});
}

const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const CHANGE_REQUEST = 0x0003;
const XOR_MAPPED_ADDRESS = 0x0020;
const CHANGE_BITS = 6;
/** The cookie's first half, which ports are XORed with. */
const COOKIE_HIGH = MAGIC_COOKIE >>> 16;

/**
 * The CHANGE-REQUEST bits (0 if there is none) of a request that {@link QuickReplies} can answer: an RFC 8489 Binding
 * request with no attribute, or with CHANGE-REQUEST only. -1 for every other message.
 */
export function quickRequest(data: Uint8Array): number {
	const view = data as Buffer;
	if (data.length < HEADER_LENGTH || view.readUInt16BE(0) !== BINDING_REQUEST) return -1;
	if (view.readUInt32BE(4) !== MAGIC_COOKIE) return -1;
	const length = view.readUInt16BE(2);
	if (length === 0) return data.length === HEADER_LENGTH ? 0 : -1;
	if (length !== 8 || data.length !== HEADER_LENGTH + 8) return -1;
	if (view.readUInt16BE(20) !== CHANGE_REQUEST || view.readUInt16BE(22) !== 4) return -1;
	return (data[27] ?? 0) & CHANGE_BITS;
}

/** Buffers that are kept for further replies: more than a socket queues. */
const MAX_SPARE = 512;

/** A reply in a buffer that is used again. */
export interface QuickReply {
	readonly data: Buffer;
	/** To be called when the bytes were sent or copied. */
	readonly sent: () => void;
}

/**
 * Writes the replies to the commonest requests over IPv4, those of a NAT test, without allocating. The reply is the same,
 * byte for byte, as {@link modernReply}'s without SOFTWARE.
 */
export class QuickReplies {
	readonly #fixed: Buffer;
	readonly #spare: QuickReply[] = [];

	/** @param fixed the attributes after XOR-MAPPED-ADDRESS, which are the same in every reply */
	constructor(fixed: Buffer) {
		this.#fixed = fixed;
	}

	/** @param ip an IPv4 address as Node writes it */
	write(request: Uint8Array, ip: string, port: number): QuickReply {
		const reply = this.#spare.pop() ?? this.#make();
		const { data } = reply;
		for (let at = 8; at < HEADER_LENGTH; at++) data[at] = request[at] ?? 0;
		data.writeUInt16BE(port ^ COOKIE_HIGH, 26);
		data.writeUInt32BE((ipv4Value(ip) ^ MAGIC_COOKIE) >>> 0, 28);
		return reply;
	}

	#make(): QuickReply {
		const data = Buffer.alloc(32 + this.#fixed.length);
		data.writeUInt16BE(BINDING_SUCCESS, 0);
		data.writeUInt16BE(12 + this.#fixed.length, 2);
		data.writeUInt32BE(MAGIC_COOKIE, 4);
		data.writeUInt16BE(XOR_MAPPED_ADDRESS, 20);
		data.writeUInt16BE(8, 22);
		data[25] = 1;
		this.#fixed.copy(data, 32);
		const reply: QuickReply = {
			data,
			sent: () => {
				if (this.#spare.length < MAX_SPARE) this.#spare.push(reply);
			},
		};
		return reply;
	}
}

/** The 32 bits of an IPv4 address in the form that Node writes. */
function ipv4Value(ip: string): number {
	let value = 0;
	let byte = 0;
	for (let at = 0; at < ip.length; at++) {
		const code = ip.charCodeAt(at);
		if (code === 46) {
			value = (value << 8) | byte;
			byte = 0;
		} else byte = byte * 10 + code - 48;
	}
	return ((value << 8) | byte) >>> 0;
}

/** The attributes that follow XOR-MAPPED-ADDRESS in every reply with these addresses. */
export function fixedAttributes({ origin, other }: Omit<ReplyAddresses, "mapped">): Buffer {
	const attributes: NamedAttribute[] = [];
	if (origin !== null) attributes.push({ name: "RESPONSE-ORIGIN", value: bare(origin) });
	if (other !== undefined) attributes.push({ name: "OTHER-ADDRESS", value: bare(other) });
	const id = Buffer.alloc(12);
	return encodeMessage({ class: "success", transactionId: id, attributes }).subarray(HEADER_LENGTH);
}
