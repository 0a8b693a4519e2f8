import { createHash } from "node:crypto";
import { CREDENTIALS_FIELDS, checkOptions } from "../arguments.js";
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

/** A nonce with this prefix carries the server's security features in the next 4 characters (RFC 8489 section 9.2). */
const NONCE_COOKIE = "obMatJos2";
const FEATURE_PASSWORD_ALGORITHMS = 0x800000;
const FEATURE_USERNAME_ANONYMITY = 0x400000;

/** Error responses that a server cannot protect, since it does not know the user yet. */
const UNPROTECTED: ReadonlySet<number | undefined> = new Set([400, 401, 438]);

interface Challenge {
	readonly realm: string;
	readonly nonce: string;
	readonly key: Buffer;
	readonly hidesUsername: boolean;
	/** The algorithms that the server offered and the one chosen; undefined for servers older than RFC 8489. */
	readonly offered: readonly PasswordAlgorithmValue[] | undefined;
	readonly chosen: PasswordAlgorithmValue | undefined;
}

function featuresIn(nonce: string): number {
	if (!nonce.startsWith(NONCE_COOKIE)) return 0;
	const bytes = Buffer.from(nonce.slice(NONCE_COOKIE.length, NONCE_COOKIE.length + 4), "base64");
	return bytes.length === 3 ? bytes.readUIntBE(0, 3) : 0;
}

/** The form in which both sides hash a text: NFC, with plain spaces (RFC 8265 section 4.2, OpaqueString). */
const opaque = (text: string): string => text.replace(/\p{Zs}/gu, " ").normalize("NFC");

const statusOf = (message: StunMessage): number | undefined => attributeValue(message, "ERROR-CODE")?.status;

/**
 * The long-term credential mechanism with one server (RFC 8489 section 9.2), without any I/O. It reads challenges and
 * returns what the next request must carry. TURN authenticates in the same way.
 */
export class StunLongTermAuth {
	readonly #credentials: StunCredentials;
	#challenge: Challenge | undefined;

	/** @throws {StunConfigError} ERR_STUN_CONFIG for invalid credentials */
	constructor(credentials: StunCredentials) {
		checkOptions(credentials, CREDENTIALS_FIELDS, { required: ["username", "password"] });
		const { username, password } = credentials;
		this.#credentials = { username: opaque(username), password: opaque(password) };
	}

	/** What the next request must carry. Nothing before the first challenge. */
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

	/** Whether an answer is acceptable: its integrity is valid, or it is of a kind that the server cannot protect. */
	accepts(message: StunMessage): boolean {
		if (this.#challenge === undefined) return true;
		if (message.class === "error" && UNPROTECTED.has(statusOf(message))) return true;
		return checkIntegrity(message, this.#challenge.key) === "valid";
	}

	/**
	 * Takes a challenge (401 or 438). Returns true if the request should be sent again, and false if the credentials
	 * are wrong or the challenge cannot be met.
	 */
	challenged(message: StunMessage): boolean {
		const status = statusOf(message);
		const nonce = attributeValue(message, "NONCE");
		const realm = attributeValue(message, "REALM") ?? this.#challenge?.realm;
		if ((status !== 401 && status !== 438) || nonce === undefined || realm === undefined) return false;
		// A 401 to a signed request refuses the credentials, even with a new nonce.
		if (status === 401 && this.#challenge !== undefined) return false;
		if (nonce === this.#challenge?.nonce) return false;
		const features = featuresIn(nonce);
		const promised = (features & FEATURE_PASSWORD_ALGORITHMS) !== 0;
		const offered = promised ? attributeValue(message, "PASSWORD-ALGORITHMS") : undefined;
		// The nonce announces a list, but there is none: someone on the path removed the better algorithms.
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
