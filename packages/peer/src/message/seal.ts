import { type RandomBytes, systemRandom } from "@p2pd/net";
import { ByteReader, ByteWriter } from "../bytes.js";
import { decrypt, encrypt } from "../cipher.js";
import {
	BOOT_BYTES,
	MAX_MESSAGE_BYTES,
	MESSAGE_STEP,
	NODE_ID_BYTES,
	PUBLIC_KEY_BYTES,
	SIGNATURE_BYTES,
	TAG_BYTES,
} from "../defaults.js";
import { PeerMessageError } from "../errors.js";
import { keyHint, type PeerIdentity, verifySignature } from "../identity.js";
import { agree, deriveKey, nodeIdBytes, nodeIdOf, privateKey, rawPublic } from "../keys.js";
import type { PeerKeys } from "../types.js";

/*
 * The bytes of a sealed message; its length is a multiple of 256. Numbers are in network byte order.
 *
 *   version 1 | key hint 4 | ephemeral X25519 key 32 | ChaCha20-Poly1305 { inner } | tag 16
 *
 *   inner: sender's signing key 32 | sender's agreement key 32 | receiver id 20 | time 6 | number 6 |
 *          sender's boot 8 | receiver's boot 8 | length 2 | body | signature 64 | zeros
 *
 * The key is HKDF-SHA-256 of X25519(ephemeral, receiver), salted with both public keys, and used for one message, so the
 * nonce is zero. The signature covers the outer header, the receiver's agreement key, and the inner fields up to it: a
 * receiver cannot seal a message that it got to somebody else.
 */
const VERSION = 1;
const HINT_BYTES = 4;
const HEADER_BYTES = 1 + HINT_BYTES + PUBLIC_KEY_BYTES;
const FIXED_BYTES = 2 * PUBLIC_KEY_BYTES + NODE_ID_BYTES + 6 + 6 + 2 * BOOT_BYTES + 2 + SIGNATURE_BYTES;
const OVERHEAD = HEADER_BYTES + FIXED_BYTES + TAG_BYTES;
const NONCE = Buffer.alloc(12);
const DOMAIN = "sealed message 1";

/** The longest body of a sealed message in bytes. */
export const MAX_BODY_BYTES = MAX_MESSAGE_BYTES - OVERHEAD;

/** What a message says beside its body. */
export interface MessageFields {
	/** When it was sealed, in milliseconds since 1970. */
	readonly time: number;
	/** Counts the messages of a run of the sender, from 1. */
	readonly number: number;
	/** The random value of the sender's run, 8 bytes. */
	readonly boot: Uint8Array;
	/** The random value of the receiver's run as the sender knows it; zeros where it does not know it yet. */
	readonly peerBoot: Uint8Array;
	readonly body: Uint8Array;
}

/** A message whose signature is right. Whether it is fresh is for {@link Mailbox} to say. */
export interface OpenedMessage extends MessageFields {
	readonly sender: PeerKeys & { readonly id: string };
}

/**
 * Signs a message and seals it to a node's agreement key. Who carries it learns its padded size, and which of the
 * receiver's keys it is for.
 *
 * @throws PeerMessageError `ERR_PEER_MESSAGE_LENGTH` for a body above {@link MAX_BODY_BYTES}, `_KEY` for an impossible key
 */
export function sealMessage(
	sender: PeerIdentity,
	receiver: PeerKeys,
	fields: MessageFields,
	random: RandomBytes = systemRandom,
): Buffer {
	const { body, boot, number, peerBoot, time } = fields;
	if (body.length > MAX_BODY_BYTES) {
		throw new PeerMessageError("length", `a body of ${body.length} bytes is longer than ${MAX_BODY_BYTES}`);
	}
	const ephemeral = privateKey("x25519", random(PUBLIC_KEY_BYTES));
	const ephemeralPublic = rawPublic(ephemeral);
	const header = new ByteWriter()
		.uint(VERSION, 1)
		.bytes(Buffer.from(keyHint(receiver.agreement), "hex"))
		.bytes(ephemeralPublic)
		.toBuffer();
	const secret = agree(ephemeral, receiver.agreement);
	if (secret === null) throw new PeerMessageError("key", "the receiver's agreement key is impossible");
	const content = new ByteWriter()
		.bytes(sender.signing)
		.bytes(sender.agreement)
		.bytes(nodeIdBytes(receiver.signing))
		.uint(time, 6)
		.uint(number, 6)
		.bytes(boot)
		.bytes(peerBoot)
		.sized(body, 2)
		.toBuffer();
	const signature = sender.sign(DOMAIN, Buffer.concat([header, receiver.agreement, content]));
	const size = Math.ceil((OVERHEAD + body.length) / MESSAGE_STEP) * MESSAGE_STEP;
	const inner = Buffer.concat([content, signature], size - HEADER_BYTES - TAG_BYTES);
	const key = messageKey(secret, ephemeralPublic, receiver.agreement);
	return Buffer.concat([header, encrypt(key, NONCE, header, inner)]);
}

/**
 * Opens a message and checks its signature. Bytes that are no message for this node are refused before any cost that
 * matters.
 *
 * @throws PeerMessageError with the code of what is wrong
 */
export function openMessage(sealed: Uint8Array, receiver: PeerIdentity): OpenedMessage {
	if (
		sealed.length < MESSAGE_STEP ||
		sealed.length > MAX_MESSAGE_BYTES ||
		sealed.length % MESSAGE_STEP !== 0
	) {
		throw new PeerMessageError("malformed", `${sealed.length} bytes are not a sealed message`);
	}
	const reader = new ByteReader(sealed);
	if (reader.uint(1) !== VERSION) throw new PeerMessageError("malformed", "a message of an unknown version");
	const hint = reader.bytes(HINT_BYTES).toString("hex");
	const ephemeral = reader.bytes(PUBLIC_KEY_BYTES);
	const header = Buffer.from(sealed.buffer, sealed.byteOffset, HEADER_BYTES);
	const agreed = receiver.agree(hint, ephemeral);
	if (agreed === null) throw new PeerMessageError("key", "a message for a key that this node does not have");
	const inner = decrypt(
		messageKey(agreed.secret, ephemeral, agreed.own),
		NONCE,
		header,
		reader.bytes(reader.left),
	);
	if (inner === null) throw new PeerMessageError("decrypt", "a message that is damaged or forged");
	return readInner(inner, header, agreed.own, receiver);
}

function readInner(inner: Buffer, header: Buffer, agreement: Buffer, receiver: PeerIdentity): OpenedMessage {
	const reader = new ByteReader(inner);
	const signing = reader.bytes(PUBLIC_KEY_BYTES);
	const senderAgreement = reader.bytes(PUBLIC_KEY_BYTES);
	const to = reader.bytes(NODE_ID_BYTES);
	const time = reader.uint(6);
	const number = reader.uint(6);
	const boot = reader.bytes(BOOT_BYTES);
	const peerBoot = reader.bytes(BOOT_BYTES);
	const length = reader.uint(2);
	if (length + SIGNATURE_BYTES > reader.left)
		throw new PeerMessageError("malformed", "a message that is cut off");
	const body = reader.bytes(length);
	const content = inner.subarray(0, reader.position);
	const signature = reader.bytes(SIGNATURE_BYTES);
	if (!to.equals(nodeIdBytes(receiver.signing))) {
		throw new PeerMessageError("receiver", "a message that is meant for another node");
	}
	if (!verifySignature(DOMAIN, Buffer.concat([header, agreement, content]), signature, signing)) {
		throw new PeerMessageError("signature", "a message whose signature is wrong");
	}
	const sender = { id: nodeIdOf(signing), signing, agreement: senderAgreement };
	return { sender, time, number, boot, peerBoot, body };
}

function messageKey(secret: Uint8Array, ephemeral: Uint8Array, agreement: Uint8Array): Buffer {
	return deriveKey(secret, Buffer.concat([ephemeral, agreement]), "p2pd sealed message 1");
}
