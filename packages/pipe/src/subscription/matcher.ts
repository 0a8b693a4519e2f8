import type { Reporter } from "../callbacks.js";
import { PipeOptionError, PipePatternError } from "../errors.js";
import { parsePeer } from "../peer.js";
import type { Settings } from "../settings.js";
import type { PipePattern, PipePatternTest, PipePeer, PipeSubscriptionKey } from "../types.js";

/** Which messages a subscription takes, in the form that is fast to ask. */
export class Matcher {
	/** Equal for subscriptions that take the same messages; null for a pattern object that only equals itself. */
	readonly key: string | null;
	/** For people: `all`, `/^HTTP/`, `/x/ from 192.0.2.1:80`. */
	readonly name: string;
	/** The pattern that is tested on text, if there is one. */
	readonly test: PipePatternTest | null;
	/** Whether every message is taken. */
	readonly all: boolean;
	readonly #bytes: Buffer | null;
	readonly #from: Sender | null;

	/** @param alone whether it equals no other, though it takes the same */
	constructor(key: PipeSubscriptionKey, alone = false) {
		const [pattern, from] = isPair(key) ? key : [key, null];
		const parts = describe(pattern);
		this.test = parts.test;
		this.#bytes = parts.bytes;
		this.#from = from === null ? null : new Sender(from);
		this.all = this.test === null && this.#bytes === null && this.#from === null;
		const sender = this.#from === null ? "" : ` from ${this.#from.name}`;
		this.name = `${parts.name}${sender}`;
		this.key = alone || parts.key === null ? null : `${parts.key}${sender}`;
	}

	/** All but the text pattern, which the caller tests since the text is shared between subscriptions. */
	matches(data: Buffer, peer: PipePeer): boolean {
		if (this.#from !== null && !this.#from.is(peer)) return false;
		return this.#bytes === null || data.includes(this.#bytes);
	}
}

/** The address half of a key. */
class Sender {
	readonly name: string;
	readonly #ip: string;
	readonly #mapped: string;
	readonly #anyZone: boolean;
	readonly #port: number;

	constructor(from: PipePeer) {
		const [ip, port] = parsePeer(from, "sub", true);
		this.#ip = ip;
		this.#port = port;
		this.name = `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;
		// A dual-stack socket shows IPv4 senders in this form.
		this.#mapped = `::ffff:${ip}`;
		this.#anyZone = ip.startsWith("fe80:") && !ip.includes("%");
	}

	is(peer: PipePeer): boolean {
		if (this.#port !== 0 && peer[1] !== this.#port) return false;
		const ip = peer[0];
		return ip === this.#ip || ip === this.#mapped || (this.#anyZone && ip.startsWith(`${this.#ip}%`));
	}
}

function isPair(
	key: PipeSubscriptionKey,
): key is readonly [pattern: PipePattern | null, from: PipePeer | null] {
	return Array.isArray(key);
}

interface PatternParts {
	readonly key: string | null;
	readonly name: string;
	readonly test: PipePatternTest | null;
	readonly bytes: Buffer | null;
}

function describe(pattern: PipePattern | null): PatternParts {
	if (pattern === null) return { key: "all", name: "all", test: null, bytes: null };
	if (pattern instanceof Uint8Array) {
		if (pattern.length === 0) return describe(null);
		const bytes = Buffer.from(pattern);
		return {
			key: `bytes ${bytes.toString("hex")}`,
			name: `bytes ${bytes.toString("hex")}`,
			test: null,
			bytes,
		};
	}
	if (typeof pattern !== "object" || typeof pattern.test !== "function") {
		throw new PipeOptionError(
			"sub",
			"must be a RegExp, bytes, null, or a pair of one of these and [ip, port]",
		);
	}
	if (pattern instanceof RegExp && Object.getPrototypeOf(pattern) === RegExp.prototype) {
		// A copy, since `g` and `y` keep a place in the caller's own object.
		const copy = new RegExp(pattern.source, pattern.flags);
		return { key: String(pattern), name: String(pattern), test: copy, bytes: null };
	}
	return { key: null, name: String(pattern), test: pattern, bytes: null };
}

/**
 * Tests a pattern on text. The test is synchronous and cannot be stopped, so one that took too long is reported
 * afterwards; one that threw is reported and does not match.
 */
export function runPattern(
	matcher: Matcher,
	test: PipePatternTest,
	text: string,
	{ clock, patternSlow }: Settings,
	reporter: Reporter,
): boolean {
	// A RegExp with the flags g or y starts where its last match ended, unless it is put back.
	if ("lastIndex" in test) test.lastIndex = 0;
	const start = clock.now();
	let matches = false;
	try {
		matches = Boolean(test.test(text));
	} catch (cause) {
		reporter.report(
			new PipePatternError(`the pattern ${matcher.name} threw`, clock.now() - start, { cause }),
		);
	}
	const ms = clock.now() - start;
	if (ms > patternSlow) {
		const took = `${ms.toFixed(1)} ms for ${text.length} bytes`;
		reporter.report(new PipePatternError(`the pattern ${matcher.name} took ${took}`, ms));
	}
	return matches;
}
