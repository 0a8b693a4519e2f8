import { createHmac, timingSafeEqual } from "node:crypto";
import type { Endpoint, RandomBytes } from "@p2pd/net";
import { COOKIE_LIFETIME } from "../defaults.js";
import { COOKIE_BYTES } from "./codec.js";

/**
 * Cookies prove that who sends a hello gets what is sent to its address, without remembering anyone: an HMAC over the
 * address and the connection, by a secret that changes. Passive.
 */
export class DatagramCookies {
	readonly #random: RandomBytes;
	#secrets: readonly Uint8Array[] = [];
	#changedAt = Number.NEGATIVE_INFINITY;

	constructor(random: RandomBytes) {
		this.#random = random;
	}

	/** The cookie for a sender. */
	make(from: Endpoint, connection: Uint8Array, now: number): Buffer {
		return cookieOf(this.#at(now)[0] ?? new Uint8Array(), from, connection);
	}

	/** Whether a cookie was made for this sender not long ago. */
	isValid(cookie: Uint8Array, from: Endpoint, connection: Uint8Array, now: number): boolean {
		return this.#at(now).some((secret) => timingSafeEqual(cookieOf(secret, from, connection), cookie));
	}

	#at(now: number): readonly Uint8Array[] {
		if (now - this.#changedAt >= COOKIE_LIFETIME) {
			const previous = now - this.#changedAt < 2 * COOKIE_LIFETIME ? this.#secrets.slice(0, 1) : [];
			this.#secrets = [this.#random(32), ...previous];
			this.#changedAt = now;
		}
		return this.#secrets;
	}
}

function cookieOf(secret: Uint8Array, { ip, port }: Endpoint, connection: Uint8Array): Buffer {
	return createHmac("sha256", secret)
		.update(`${ip} ${port} `)
		.update(connection)
		.digest()
		.subarray(0, COOKIE_BYTES);
}
