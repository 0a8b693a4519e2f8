import type { AuthErrorCode, AuthenticateError } from "aedes";
import { MAX_PASSWORD_AGE } from "../defaults.js";
import { readPassword } from "../password.js";

/** Return codes of CONNACK (MQTT 3.1.1 section 3.2.2.3). */
const RETURN = { unavailable: 3, badPassword: 4 } as const;

/**
 * Who may connect: a node whose password is signed by the key that its id is the hash of, for this broker, now, and that
 * was not used before. Passive.
 */
export class Admission {
	readonly #brokers: readonly string[];
	readonly #maxAge: number;
	readonly #maxRemembered: number;
	/** Passwords that were used, with the time when they become too old. In the order of arrival. */
	readonly #used = new Map<string, number>();

	/** @param brokers every `host:port` by which nodes know the broker */
	constructor(brokers: readonly string[], maxRemembered: number, maxAge = MAX_PASSWORD_AGE) {
		this.#brokers = brokers;
		this.#maxRemembered = maxRemembered;
		this.#maxAge = maxAge;
	}

	/** Null if the node may connect, else the error for aedes. `now`: milliseconds since 1970. */
	judge(
		username: string | undefined,
		password: Uint8Array | undefined,
		now: number,
	): AuthenticateError | null {
		const facts =
			password === undefined ? null : readPassword(Buffer.from(password).toString("latin1"), this.#brokers);
		if (facts === null || facts.id !== username) return refusal(RETURN.badPassword, "a wrong password");
		// Codes are all that MQTT 3.1.1 can answer with: `openMqttSignal` takes this one for a wrong clock.
		if (Math.abs(facts.time - now) > this.#maxAge) return refusal(RETURN.unavailable, "a clock that is off");
		for (const [nonce, until] of this.#used) {
			if (until >= now) break;
			this.#used.delete(nonce);
		}
		if (this.#used.has(facts.nonce)) return refusal(RETURN.badPassword, "a password that was used before");
		if (this.#used.size >= this.#maxRemembered)
			return refusal(RETURN.badPassword, "too many connections in a short time");
		this.#used.set(facts.nonce, now + 2 * this.#maxAge);
		return null;
	}
}

function refusal(returnCode: number, message: string): AuthenticateError {
	return Object.assign(new Error(message), { returnCode: returnCode as AuthErrorCode });
}

/** So many messages a second in the long run, and so many at once. Passive. */
export class RateLimit {
	readonly #perSecond: number;
	readonly #burst: number;
	#tokens: number;
	#at: number;

	constructor(perSecond: number, burst: number, now: number) {
		this.#perSecond = perSecond;
		this.#burst = burst;
		this.#tokens = burst;
		this.#at = now;
	}

	/** Whether one more is allowed now. */
	take(now: number): boolean {
		this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
		this.#at = now;
		if (this.#tokens < 1) return false;
		this.#tokens--;
		return true;
	}
}
