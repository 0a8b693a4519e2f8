import { createHmac, timingSafeEqual } from "node:crypto";
import { ByteReader, BytesError } from "../bytes.js";
import { HELLO_DATAGRAM_BYTES, PUBLIC_KEY_BYTES, TAG_BYTES } from "../defaults.js";

/*
 * Datagrams of a connection. The first byte says what it is; 0xc0 to 0xc3 cannot begin a STUN message (RFC 8489 section 5)
 * or a DTLS record.
 *
 *   hello    0xc0 | cookie 16 | connection 8 | ephemeral X25519 key 32 | proof 16 | length 2 | preamble | zeros to 1152
 *   retry    0xc1 | connection 8 | cookie 16                        (25 bytes: a cookie for the sender's address)
 *   welcome  0xc2 | connection 8 | ephemeral X25519 key 32 | proof 16
 *   data     0xc3 | connection 8 | counter 6 | ChaCha20-Poly1305 { content }
 *
 * The preamble is an attempt's id (16 bytes) or a sealed hello (512). A proof is an HMAC by the pre-shared key over what
 * comes before it; the welcome's also covers the hello.
 */

/** First byte of a datagram: the dialer asks for a connection. */
export const HELLO = 0xc0;
/** First byte of a datagram: the answerer asks for the cookie that it gives, and keeps nothing. */
export const RETRY = 0xc1;
/** First byte of a datagram: the answerer accepts and gives its ephemeral key. */
export const WELCOME = 0xc2;
/** First byte of a datagram: a sealed datagram of the connection. */
export const DATA = 0xc3;

/** Bytes of the random number that names a connection: the client chooses it. */
export const CONNECTION_BYTES = 8;
/** Bytes of a cookie. */
export const COOKIE_BYTES = 16;
/** Bytes before the content of a data datagram; they are authenticated. */
export const DATA_HEADER_BYTES = 1 + CONNECTION_BYTES + 6;
const MAX_PREAMBLE = 768;
const PROOF_BYTES = 16;

/** A hello, as read. */
export interface HelloDatagram {
	readonly cookie: Buffer;
	readonly connection: Buffer;
	readonly ephemeral: Buffer;
	readonly proof: Buffer;
	readonly preamble: Buffer;
	/** What the proof covers. */
	readonly covered: Buffer;
}

/** Encodes a hello. */
export function encodeHello(
	fields: Pick<HelloDatagram, "cookie" | "connection" | "ephemeral" | "preamble">,
	key: Uint8Array,
): Buffer {
	const covered = coveredBy(fields);
	const length = Buffer.alloc(2);
	length.writeUInt16BE(fields.preamble.length);
	return Buffer.concat(
		[
			Buffer.of(HELLO),
			fields.cookie,
			fields.connection,
			fields.ephemeral,
			proofOf(key, covered),
			length,
			fields.preamble,
		],
		HELLO_DATAGRAM_BYTES,
	);
}

/** Reads a hello; null for anything else. Its proof is not checked. */
export function decodeHello(datagram: Uint8Array): HelloDatagram | null {
	if (datagram.length !== HELLO_DATAGRAM_BYTES || datagram[0] !== HELLO) return null;
	const reader = new ByteReader(datagram.subarray(1));
	try {
		const cookie = reader.bytes(COOKIE_BYTES);
		const connection = reader.bytes(CONNECTION_BYTES);
		const ephemeral = reader.bytes(PUBLIC_KEY_BYTES);
		const proof = reader.bytes(PROOF_BYTES);
		const length = reader.uint(2);
		if (length === 0 || length > MAX_PREAMBLE) return null;
		const preamble = reader.bytes(length);
		return {
			cookie,
			connection,
			ephemeral,
			proof,
			preamble,
			covered: coveredBy({ connection, ephemeral, preamble }),
		};
	} catch (error) {
		if (error instanceof BytesError) return null;
		throw error;
	}
}

/** What a hello's proof covers: all but the cookie, which changes. */
function coveredBy(fields: Pick<HelloDatagram, "connection" | "ephemeral" | "preamble">): Buffer {
	return Buffer.concat([
		Buffer.from("p2pd datagram hello 1"),
		fields.connection,
		fields.ephemeral,
		fields.preamble,
	]);
}

/** Encodes a retry. */
export function encodeRetry(connection: Uint8Array, cookie: Uint8Array): Buffer {
	return Buffer.concat([Buffer.of(RETRY), connection, cookie]);
}

/** Reads the cookie of a retry for a connection; null for anything else. */
export function decodeRetry(datagram: Uint8Array, connection: Uint8Array): Buffer | null {
	if (datagram.length !== 1 + CONNECTION_BYTES + COOKIE_BYTES || datagram[0] !== RETRY) return null;
	const bytes = Buffer.from(datagram);
	if (!bytes.subarray(1, 1 + CONNECTION_BYTES).equals(connection)) return null;
	return bytes.subarray(1 + CONNECTION_BYTES);
}

/** Encodes a welcome. */
export function encodeWelcome(hello: HelloDatagram, ephemeral: Uint8Array, key: Uint8Array): Buffer {
	return Buffer.concat([
		Buffer.of(WELCOME),
		hello.connection,
		ephemeral,
		proofOf(key, welcomeCovered(hello.covered, ephemeral)),
	]);
}

/** Reads the server's ephemeral key out of a welcome for a connection; null for anything else, or a wrong proof. */
export function decodeWelcome(
	datagram: Uint8Array,
	hello: Pick<HelloDatagram, "connection" | "ephemeral" | "preamble">,
	key: Uint8Array,
): Buffer | null {
	const size = 1 + CONNECTION_BYTES + PUBLIC_KEY_BYTES + PROOF_BYTES;
	if (datagram.length !== size || datagram[0] !== WELCOME) return null;
	const bytes = Buffer.from(datagram);
	const at = 1 + CONNECTION_BYTES;
	if (!bytes.subarray(1, at).equals(hello.connection)) return null;
	const ephemeral = bytes.subarray(at, at + PUBLIC_KEY_BYTES);
	const proof = proofOf(key, welcomeCovered(coveredBy(hello), ephemeral));
	return timingSafeEqual(proof, bytes.subarray(at + PUBLIC_KEY_BYTES)) ? ephemeral : null;
}

/** Whether a hello's proof is right. */
export function isProven(hello: HelloDatagram, key: Uint8Array): boolean {
	return timingSafeEqual(proofOf(key, hello.covered), hello.proof);
}

/** The connection that a datagram other than a hello belongs to; null if it is none of a connection's. */
export function connectionOf(datagram: Uint8Array): string | null {
	const kind = datagram[0];
	if (datagram.length < 1 + CONNECTION_BYTES || (kind !== RETRY && kind !== WELCOME && kind !== DATA))
		return null;
	return Buffer.from(datagram.subarray(1, 1 + CONNECTION_BYTES)).toString("hex");
}

function welcomeCovered(hello: Uint8Array, ephemeral: Uint8Array): Buffer {
	return Buffer.concat([Buffer.from("p2pd datagram welcome 1"), hello, ephemeral]);
}

function proofOf(key: Uint8Array, covered: Uint8Array): Buffer {
	return createHmac("sha256", key).update(covered).digest().subarray(0, PROOF_BYTES);
}

/** The size of a tag beside the content of a data datagram. */
export const DATA_OVERHEAD_BYTES = DATA_HEADER_BYTES + TAG_BYTES;
