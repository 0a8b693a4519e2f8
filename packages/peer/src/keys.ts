import {
	createHash,
	createPrivateKey,
	createPublicKey,
	diffieHellman,
	hkdfSync,
	type KeyObject,
} from "node:crypto";
import { toBase32 } from "./bytes.js";
import { NODE_ID_BYTES, PUBLIC_KEY_BYTES } from "./defaults.js";
import { PeerArgumentError } from "./errors.js";

/** What stands before the 32 raw bytes of a key in DER (RFC 8410). */
const SPKI = {
	ed25519: Buffer.from("302a300506032b6570032100", "hex"),
	x25519: Buffer.from("302a300506032b656e032100", "hex"),
};
const PKCS8 = {
	ed25519: Buffer.from("302e020100300506032b657004220420", "hex"),
	x25519: Buffer.from("302e020100300506032b656e04220420", "hex"),
};

/** The two kinds of keys (RFC 8032, RFC 7748). */
export type KeyKind = "ed25519" | "x25519";

/** A public key from its 32 raw bytes. */
export function publicKey(kind: KeyKind, raw: Uint8Array): KeyObject {
	if (raw.length !== PUBLIC_KEY_BYTES) throw new PeerArgumentError("key", "must have 32 bytes");
	return createPublicKey({ key: Buffer.concat([SPKI[kind], raw]), format: "der", type: "spki" });
}

/** A private key from its 32 raw bytes. */
export function privateKey(kind: KeyKind, raw: Uint8Array): KeyObject {
	if (raw.length !== PUBLIC_KEY_BYTES) throw new PeerArgumentError("key", "must have 32 bytes");
	return createPrivateKey({ key: Buffer.concat([PKCS8[kind], raw]), format: "der", type: "pkcs8" });
}

/** The 32 raw bytes of a private key's public half, or of a public key. */
export function rawPublic(key: KeyObject): Buffer {
	const half = key.type === "private" ? createPublicKey(key) : key;
	return half.export({ format: "der", type: "spki" }).subarray(-PUBLIC_KEY_BYTES);
}

/** The 32 raw bytes of a private key. */
export function rawPrivate(key: KeyObject): Buffer {
	return key.export({ format: "der", type: "pkcs8" }).subarray(-PUBLIC_KEY_BYTES);
}

/** The X25519 secret of two keys, or null for a public key of small order (RFC 7748 section 6.1), which has no secret. */
export function agree(privateHalf: KeyObject, rawPublicHalf: Uint8Array): Buffer | null {
	try {
		return diffieHellman({ privateKey: privateHalf, publicKey: publicKey("x25519", rawPublicHalf) });
	} catch {
		return null;
	}
}

/** HKDF-SHA-256 (RFC 5869). `info` names the purpose, so that no two uses share a key. */
export function deriveKey(secret: Uint8Array, salt: Uint8Array, info: string, size = 32): Buffer {
	return Buffer.from(hkdfSync("sha256", secret, salt, info, size));
}

/** The id of the node with this Ed25519 public key: 160 bits of its SHA-256, as 32 characters of base32. */
export function nodeIdOf(signing: Uint8Array): string {
	const hash = createHash("sha256").update("p2pd node id 1").update(signing).digest();
	return toBase32(hash.subarray(0, NODE_ID_BYTES));
}

/** The same as bytes. */
export function nodeIdBytes(signing: Uint8Array): Buffer {
	return createHash("sha256").update("p2pd node id 1").update(signing).digest().subarray(0, NODE_ID_BYTES);
}

/** Whether a text has the form of a node id: 32 characters of lower-case base32. */
export function isNodeId(text: unknown): text is string {
	return typeof text === "string" && /^[a-z2-7]{32}$/.test(text);
}
