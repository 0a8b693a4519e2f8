import { createHash, type KeyObject, sign, verify } from "node:crypto";
import { inspect } from "node:util";
import { type RandomBytes, systemRandom } from "@p2pd/net";
import { AGREEMENT_KEYS_KEPT, PUBLIC_KEY_BYTES } from "./defaults.js";
import { PeerIdentityError } from "./errors.js";
import { agree, nodeIdOf, privateKey, publicKey, rawPrivate, rawPublic } from "./keys.js";
import type { PeerKeys } from "./types.js";

interface AgreementKey {
	readonly key: KeyObject;
	readonly public: Buffer;
	readonly hint: string;
}

/**
 * A node's keys. The Ed25519 key signs, names the node and never changes; the X25519 keys open what was sealed to the
 * node, and rotate. Nothing that prints or serialises the object shows a private key: only {@link exportIdentity} gives
 * them out.
 */
export class PeerIdentity implements PeerKeys {
	/** The node id: what other people pin. */
	readonly id: string;
	/** The Ed25519 public key, 32 bytes. */
	readonly signing: Buffer;
	readonly #signingKey: KeyObject;
	/** Newest first. */
	readonly #agreementKeys: AgreementKey[];

	/** @internal Use {@link createIdentity}, {@link importIdentity} or {@link loadIdentity}. */
	constructor(signingKey: KeyObject, agreementKeys: readonly KeyObject[]) {
		this.#signingKey = signingKey;
		this.signing = rawPublic(signingKey);
		this.id = nodeIdOf(this.signing);
		this.#agreementKeys = agreementKeys.map(describeKey);
	}

	/** The X25519 public key that is current, 32 bytes. */
	get agreement(): Buffer {
		return this.#current().public;
	}

	/** An Ed25519 signature over `domain` and the data. The domain keeps signatures of different purposes apart. */
	sign(domain: string, data: Uint8Array): Buffer {
		return sign(null, signedBytes(domain, data), this.#signingKey);
	}

	/** The X25519 secret with a public key, by the own key that a hint names; null if there is no such key or no secret. */
	agree(hint: string, remote: Uint8Array): { readonly secret: Buffer; readonly own: Buffer } | null {
		const own = this.#agreementKeys.find((candidate) => candidate.hint === hint);
		if (own === undefined) return null;
		const secret = agree(own.key, remote);
		return secret === null ? null : { secret, own: own.public };
	}

	/**
	 * Makes a new X25519 key the current one. What was sealed to one of the last 7 can still be opened. Sign and publish
	 * a new address afterwards, with a higher sequence number, and save the identity.
	 */
	rotate(random: RandomBytes = systemRandom): void {
		this.#agreementKeys.unshift(describeKey(privateKey("x25519", random(PUBLIC_KEY_BYTES))));
		this.#agreementKeys.splice(AGREEMENT_KEYS_KEPT);
	}

	/** @internal The private keys as text. */
	static secretsOf(identity: PeerIdentity): IdentityJson {
		return {
			schema: "p2pd/identity",
			version: 1,
			signing: rawPrivate(identity.#signingKey).toString("base64url"),
			agreement: identity.#agreementKeys.map(({ key }) => rawPrivate(key).toString("base64url")),
		};
	}

	/** The id alone. */
	toJSON(): { readonly id: string } {
		return { id: this.id };
	}

	toString(): string {
		return this.id;
	}

	[inspect.custom](): string {
		return `PeerIdentity { ${this.id} }`;
	}

	#current(): AgreementKey {
		const [current] = this.#agreementKeys;
		if (current === undefined) throw new PeerIdentityError("the identity has no agreement key");
		return current;
	}
}

/** A node's private keys as plain data, base64url. Whoever has it is the node. */
export interface IdentityJson {
	readonly schema: "p2pd/identity";
	readonly version: 1;
	/** The Ed25519 private key. */
	readonly signing: string;
	/** The X25519 private keys, newest first; at most 8. */
	readonly agreement: readonly string[];
}

/** Makes the keys of a new node. */
export function createIdentity(random: RandomBytes = systemRandom): PeerIdentity {
	return new PeerIdentity(privateKey("ed25519", random(PUBLIC_KEY_BYTES)), [
		privateKey("x25519", random(PUBLIC_KEY_BYTES)),
	]);
}

/** The private keys as plain data. Whoever has it is the node: keep it as a password is kept. */
export function exportIdentity(identity: PeerIdentity): IdentityJson {
	return PeerIdentity.secretsOf(identity);
}

/**
 * The identity out of what {@link exportIdentity} gave.
 *
 * @throws PeerIdentityError (`ERR_PEER_IDENTITY`), which does not quote the content
 */
export function importIdentity(json: unknown): PeerIdentity {
	const { schema, version, signing, agreement } = (json ?? {}) as Partial<IdentityJson>;
	if (schema !== "p2pd/identity") throw new PeerIdentityError("these are not the keys of a node");
	if (version !== 1) throw new PeerIdentityError("these keys are of a newer version");
	if (!Array.isArray(agreement) || agreement.length < 1 || agreement.length > AGREEMENT_KEYS_KEPT) {
		throw new PeerIdentityError("the list of agreement keys is damaged");
	}
	return new PeerIdentity(
		privateKey("ed25519", keyBytes(signing)),
		agreement.map((key) => privateKey("x25519", keyBytes(key))),
	);
}

/** Whether an Ed25519 signature over `domain` and the data is right. */
export function verifySignature(
	domain: string,
	data: Uint8Array,
	signature: Uint8Array,
	signing: Uint8Array,
): boolean {
	try {
		return verify(null, signedBytes(domain, data), publicKey("ed25519", signing), signature);
	} catch {
		// A public key that is not a point of the curve.
		return false;
	}
}

/** Which of a node's X25519 keys a message is sealed to, as 8 hex digits. */
export function keyHint(agreement: Uint8Array): string {
	return createHash("sha256").update("p2pd key hint 1").update(agreement).digest("hex").slice(0, 8);
}

function signedBytes(domain: string, data: Uint8Array): Buffer {
	return Buffer.concat([Buffer.from(`p2pd ${domain}\0`), data]);
}

function describeKey(key: KeyObject): AgreementKey {
	const raw = rawPublic(key);
	return { key, public: raw, hint: keyHint(raw) };
}

function keyBytes(text: unknown): Buffer {
	const bytes = typeof text === "string" ? Buffer.from(text, "base64url") : Buffer.alloc(0);
	if (bytes.length !== PUBLIC_KEY_BYTES) throw new PeerIdentityError("a key is damaged");
	return bytes;
}
