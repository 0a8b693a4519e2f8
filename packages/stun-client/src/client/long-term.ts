import { createHash } from "node:crypto";
import { checkIntegrity, longTermKey } from "../codec/integrity.js";
import { attributeValue } from "../codec/message.js";
import type {
	IntegrityOptions,
	NamedAttribute,
	PasswordAlgorithmValue,
	StunMessage,
} from "../codec/types.js";
import type { StunCredentials } from "./types.js";

const MD5 = 1;
const SHA256 = 2;

/** A nonce that starts so carries the server's security features in the next 4 characters (RFC 8489 section 9.2). */
const NONCE_COOKIE = "obMatJos2";
const FEATURE_PASSWORD_ALGORITHMS = 0x800000;
const FEATURE_USERNAME_ANONYMITY = 0x400000;

/** Answers that a server cannot protect: it does not know yet who asks. */
const UNPROTECTED: ReadonlySet<number | undefined> = new Set([400, 401, 438]);

interface Challenge {
	readonly realm: string;
	readonly nonce: string;
	readonly key: Buffer;
	readonly hidesUsername: boolean;
	/** What the server offered, and what was chosen of it; undefined before RFC 8489. */
	readonly offered: readonly PasswordAlgorithmValue[] | undefined;
	readonly chosen: PasswordAlgorithmValue | undefined;
}

function featuresIn(nonce: string): number {
	if (!nonce.startsWith(NONCE_COOKIE)) return 0;
	const bytes = Buffer.from(nonce.slice(NONCE_COOKIE.length, NONCE_COOKIE.length + 4), "base64");
	return bytes.length === 3 ? bytes.readUIntBE(0, 3) : 0;
}

/** The form in which both sides hash a text: composed, and with plain spaces (RFC 8265 section 4.2, OpaqueString). */
const opaque = (text: string): string => text.replace(/\p{Zs}/gu, " ").normalize("NFC");

const statusOf = (message: StunMessage): number | undefined => attributeValue(message, "ERROR-CODE")?.status;

/**
 * The long-term credential mechanism of one client with one server (RFC 8489 section 9.2), without any I/O: it
 * reads challenges, and gives what the next request carries.
 */
export class LongTermSession {
	readonly #credentials: StunCredentials;
	#challenge: Challenge | undefined;

	constructor({ username, password }: StunCredentials) {
		this.#credentials = { username: opaque(username), password: opaque(password) };
	}

	/** What a request carries now: nothing before the first challenge. */
	request(): { readonly attributes: readonly NamedAttribute[]; readonly integrity?: IntegrityOptions } {
		const challenge = this.#challenge;
		if (challenge === undefined) return { attributes: [] };
		const { realm, nonce, key, hidesUsername, offered, chosen } = challenge;
		const { username } = this.#credentials;
		const attributes: NamedAttribute[] = [
			hidesUsername
				? { name: "USERHASH", value: createHash("sha256").update(`${username}:${realm}`, "utf8").digest() }
				: { name: "USERNAME", value: username },
			{ name: "REALM", value: realm },
			{ name: "NONCE", value: nonce },
		];
		if (offered !== undefined && chosen !== undefined) {
			attributes.push(
				{ name: "PASSWORD-ALGORITHMS", value: offered },
				{ name: "PASSWORD-ALGORITHM", value: chosen },
			);
		}
		return { attributes, integrity: { key, algorithm: offered === undefined ? "sha1" : "sha256" } };
	}

	/** Whether an answer may be believed: it is protected with our key, or could not be. */
	accepts(message: StunMessage): boolean {
		if (this.#challenge === undefined) return true;
		if (message.class === "error" && UNPROTECTED.has(statusOf(message))) return true;
		return checkIntegrity(message, this.#challenge.key) === "valid";
	}

	/**
	 * Takes a challenge (401 or 438). True: ask again, there is something new to say. False: the credentials are
	 * wrong, or the challenge cannot be met.
	 */
	challenged(message: StunMessage): boolean {
		const status = statusOf(message);
		const nonce = attributeValue(message, "NONCE");
		const realm = attributeValue(message, "REALM") ?? this.#challenge?.realm;
		if ((status !== 401 && status !== 438) || nonce === undefined || realm === undefined) return false;
		// A 401 to a request that was already signed refuses the credentials; a new nonce with it changes nothing.
		if (status === 401 && this.#challenge !== undefined) return false;
		if (nonce === this.#challenge?.nonce) return false;
		const features = featuresIn(nonce);
		const promised = (features & FEATURE_PASSWORD_ALGORITHMS) !== 0;
		const offered = promised ? attributeValue(message, "PASSWORD-ALGORITHMS") : undefined;
		// The nonce promises a list and there is none: somebody took the better algorithms away.
		if (promised && offered === undefined) return false;
		const chosen = offered?.find(({ algorithm }) => algorithm === SHA256 || algorithm === MD5);
		if (offered !== undefined && chosen === undefined) return false;
		const { username, password } = this.#credentials;
		const key = longTermKey(username, realm, password, chosen?.algorithm === SHA256 ? "sha256" : "md5");
		const hidesUsername = (features & FEATURE_USERNAME_ANONYMITY) !== 0;
		this.#challenge = { realm, nonce, key, hidesUsername, offered, chosen };
		return true;
	}
}
