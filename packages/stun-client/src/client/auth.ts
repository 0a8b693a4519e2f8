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

/** A nonce that starts so carries the server's security features in the next 4 characters (RFC 8489 section 9.2). */
const NONCE_COOKIE = "obMatJos2";
const FEATURE_PASSWORD_ALGORITHMS = 0x800000;
const FEATURE_USERNAME_ANONYMITY = 0x400000;

/** Error responses that a server cannot protect, since it does not know the user yet. */
const UNPROTECTED: ReadonlySet<number | undefined> = new Set([400, 401, 438]);

/** What a request was signed with. It never changes: a new nonce or password makes a new one. */
export interface StunSignature {
	readonly realm: string;
	readonly nonce: string;
	readonly credentials: StunCredentials;
	readonly attributes: readonly NamedAttribute[];
	readonly integrity: Required<IntegrityOptions>;
	readonly hidesUsername: boolean;
	/** What the server offered, and what was chosen of it; null before RFC 8489. */
	readonly algorithms: {
		readonly offered: readonly PasswordAlgorithmValue[];
		readonly chosen: number;
	} | null;
}

/** What a challenge asks for: the same request signed anew, other credentials, or nothing that could help. */
export type StunChallengeVerdict = "again" | "credentials" | "hopeless";

/**
 * The long-term credential mechanism with one server (RFC 8489 section 9.2), without any I/O, for any number of requests
 * at once: each says what it was signed with, so that two that were refused for one stale nonce are both sent again.
 * TURN authenticates in the same way.
 */
export class StunLongTermAuth {
	#credentials: StunCredentials;
	#current: StunSignature | null = null;

	/** @throws {StunConfigError} ERR_STUN_CONFIG for invalid credentials */
	constructor(credentials: StunCredentials) {
		checkOptions(credentials, CREDENTIALS_FIELDS, { required: ["username", "password"] });
		this.#credentials = opaque(credentials);
	}

	/** What the next request is signed with; null before the first challenge. */
	get current(): StunSignature | null {
		return this.#current;
	}

	/** The same credentials for another connection to the server, whose nonces are its own. */
	fork(): StunLongTermAuth {
		const other = new StunLongTermAuth(this.#credentials);
		other.#current = this.#current;
		return other;
	}

	/** Takes other credentials. Returns false if they are those in use. */
	replace(credentials: StunCredentials): boolean {
		const { username, password } = opaque(credentials);
		if (username === this.#credentials.username && password === this.#credentials.password) return false;
		this.#credentials = { username, password };
		const known = this.#current;
		if (known !== null)
			this.#current = this.#sign(known.realm, known.nonce, known.hidesUsername, known.algorithms);
		return true;
	}

	/** Whether an answer to a request that was signed with `used` may be believed: it is protected too, or could not be. */
	accepts(message: StunMessage, used: StunSignature | null): boolean {
		if (used === null) return true;
		if (message.class === "error" && UNPROTECTED.has(statusOf(message))) return true;
		const { key, algorithm } = used.integrity;
		return checkIntegrity(message, key, algorithm === "sha256" ? "sha256" : "any") === "valid";
	}

	/** Takes an answer 401 or 438 to a request that was signed with `used`. */
	challenged(message: StunMessage, used: StunSignature | null): StunChallengeVerdict {
		const status = statusOf(message);
		const nonce = attributeValue(message, "NONCE");
		const realm = attributeValue(message, "REALM") ?? used?.realm;
		if (nonce === undefined || realm === undefined) return "hopeless";
		// Meanwhile another request was challenged, or the credentials were replaced: that is worth a try.
		const overtaken = used !== this.#current;
		if (status === 438 && nonce === used?.nonce && !overtaken) return "hopeless";
		if (nonce !== this.#current?.nonce || realm !== this.#current.realm) {
			if (!this.#adopt(message, realm, nonce)) return "hopeless";
		}
		if (status === 438 || used === null || overtaken || realm !== used.realm) return "again";
		return "credentials";
	}

	#adopt(message: StunMessage, realm: string, nonce: string): boolean {
		const features = featuresIn(nonce);
		let algorithms: StunSignature["algorithms"] = null;
		if ((features & FEATURE_PASSWORD_ALGORITHMS) !== 0) {
			// The nonce promises a list. Without it somebody took the better algorithms away.
			const offered = attributeValue(message, "PASSWORD-ALGORITHMS");
			const chosen = offered?.find(({ algorithm }) => algorithm === SHA256 || algorithm === MD5)?.algorithm;
			if (offered === undefined || chosen === undefined) return false;
			algorithms = { offered: offered.map(copyOf), chosen };
		}
		this.#current = this.#sign(realm, nonce, (features & FEATURE_USERNAME_ANONYMITY) !== 0, algorithms);
		return true;
	}

	#sign(
		realm: string,
		nonce: string,
		hidesUsername: boolean,
		algorithms: StunSignature["algorithms"],
	): StunSignature {
		const credentials = this.#credentials;
		const { username, password } = credentials;
		const attributes: NamedAttribute[] = [
			hidesUsername
				? { name: "USERHASH", value: createHash("sha256").update(`${username}:${realm}`, "utf8").digest() }
				: { name: "USERNAME", value: username },
			{ name: "REALM", value: realm },
			{ name: "NONCE", value: nonce },
		];
		if (algorithms !== null) {
			const { offered, chosen } = algorithms;
			const parameters =
				offered.find(({ algorithm }) => algorithm === chosen)?.parameters ?? new Uint8Array(0);
			attributes.push(
				{ name: "PASSWORD-ALGORITHMS", value: offered },
				{ name: "PASSWORD-ALGORITHM", value: { algorithm: chosen, parameters } },
			);
		}
		const key = longTermKey(username, realm, password, algorithms?.chosen === SHA256 ? "sha256" : "md5");
		const integrity = { key, algorithm: algorithms === null ? "sha1" : "sha256" } as const;
		return { realm, nonce, credentials, attributes, integrity, hidesUsername, algorithms };
	}
}

/** A message's attributes are views into its packet; what is kept is copied. */
const copyOf = ({ algorithm, parameters }: PasswordAlgorithmValue): PasswordAlgorithmValue => ({
	algorithm,
	parameters: Uint8Array.from(parameters),
});

const statusOf = (message: StunMessage): number | undefined => attributeValue(message, "ERROR-CODE")?.status;

function featuresIn(nonce: string): number {
	if (!nonce.startsWith(NONCE_COOKIE)) return 0;
	const bytes = Buffer.from(nonce.slice(NONCE_COOKIE.length, NONCE_COOKIE.length + 4), "base64");
	return bytes.length === 3 ? bytes.readUIntBE(0, 3) : 0;
}

/** The form in which both sides hash a text: composed, and with plain spaces (RFC 8265 section 4.2, OpaqueString). */
function opaque({ username, password }: StunCredentials): StunCredentials {
	const form = (text: string): string => text.replace(/\p{Zs}/gu, " ").normalize("NFC");
	return { username: form(username), password: form(password) };
}
