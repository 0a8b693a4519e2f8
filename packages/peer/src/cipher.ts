import { createCipheriv, createDecipheriv } from "node:crypto";
import { TAG_BYTES } from "./defaults.js";

const ALGORITHM = "chacha20-poly1305";

/** Encrypts and authenticates (RFC 8439); `header` is authenticated alone. A key and nonce are used once. */
export function encrypt(key: Uint8Array, nonce: Uint8Array, header: Uint8Array, plain: Uint8Array): Buffer {
	const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
	cipher.setAAD(header, { plaintextLength: plain.length });
	const first = cipher.update(plain);
	cipher.final();
	return Buffer.concat([first, cipher.getAuthTag()]);
}

/** Decrypts what {@link encrypt} gave; null if a bit of it, or of the header, is another. */
export function decrypt(
	key: Uint8Array,
	nonce: Uint8Array,
	header: Uint8Array,
	sealed: Uint8Array,
): Buffer | null {
	if (sealed.length < TAG_BYTES) return null;
	const end = sealed.length - TAG_BYTES;
	const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
	decipher.setAAD(header, { plaintextLength: end });
	decipher.setAuthTag(sealed.subarray(end));
	const plain = decipher.update(sealed.subarray(0, end));
	try {
		decipher.final();
		return plain;
	} catch {
		return null;
	}
}
