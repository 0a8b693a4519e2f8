import { ByteReader, BytesError, ByteWriter } from "./bytes.js";
import { ATTEMPT_ID_BYTES, SHARE_BYTES } from "./defaults.js";
import { PeerMessageError } from "./errors.js";
import type { PeerIdentity } from "./identity.js";
import { deriveKey, nodeIdBytes } from "./keys.js";
import type { Mailbox } from "./message/mailbox.js";
import type { OpenedMessage } from "./message/seal.js";
import type { PeerKeys } from "./types.js";

/** What the key of a connection is made of. */
export interface ConnectionShares {
	/** Names the attempt, 16 random bytes. It is visible on the wire and secret from nobody. */
	readonly attempt: Uint8Array;
	/** The dialer's random share, 32 bytes, which went in a sealed message. */
	readonly dialerShare: Uint8Array;
	/** The other side's, likewise; empty where the connection starts with a sealed hello and there is none. */
	readonly answererShare: Uint8Array;
	/** Ed25519 public keys of both. */
	readonly dialer: Uint8Array;
	readonly answerer: Uint8Array;
}

/**
 * The pre-shared key of a connection, for TLS 1.3 (RFC 8446 section 2.2) or datagrams, 32 bytes. Only the two nodes could
 * read both shares, and both ids are in it, so that whoever has the key is the node that was asked for. The handshake adds
 * ephemeral keys, so that stealing this key later opens no recorded connection.
 */
export function connectionKey(shares: ConnectionShares): Buffer {
	const { answerer, answererShare, attempt, dialer, dialerShare } = shares;
	const salt = Buffer.concat([attempt, nodeIdBytes(dialer), nodeIdBytes(answerer)]);
	const kind = answererShare.length === 0 ? "hello" : "attempt";
	return deriveKey(Buffer.concat([dialerShare, answererShare]), salt, `p2pd connection key 1 ${kind}`);
}

/** What a sealed hello says: the start of a connection that no signalling has prepared. */
export interface Hello {
	readonly attempt: Uint8Array;
	/** The dialer's share. */
	readonly share: Uint8Array;
}

/** Marks the body of a hello, so that a message to the inbox cannot be taken for one. */
const HELLO_MARK = 0x48;

/** Seals a hello to the key in the peer's address. */
export function sealHello(mailbox: Mailbox, receiver: PeerKeys, hello: Hello, now: number): Buffer {
	const body = new ByteWriter().uint(HELLO_MARK, 1).bytes(hello.attempt).bytes(hello.share).toBuffer();
	return mailbox.seal(receiver, body, null, now);
}

/** Reads the body of an accepted message as a hello. @throws PeerMessageError `ERR_PEER_MESSAGE_MALFORMED` if it is none */
export function readHello(message: OpenedMessage): Hello {
	const reader = new ByteReader(message.body);
	try {
		if (reader.uint(1) === HELLO_MARK) {
			const attempt = reader.bytes(ATTEMPT_ID_BYTES);
			const share = reader.bytes(SHARE_BYTES);
			if (reader.left === 0) return { attempt, share };
		}
	} catch (error) {
		if (!(error instanceof BytesError)) throw error;
	}
	throw new PeerMessageError("malformed", "the message is not a hello");
}

/** The key of a connection that starts with a hello. */
export function helloKey(hello: Hello, dialer: PeerKeys, answerer: PeerIdentity | PeerKeys): Buffer {
	return connectionKey({
		attempt: hello.attempt,
		dialerShare: hello.share,
		answererShare: new Uint8Array(0),
		dialer: dialer.signing,
		answerer: answerer.signing,
	});
}
