import { createHash } from "node:crypto";
import type { DeadlineTimer } from "@p2pd/net";
import type { Callbacks } from "./callbacks.js";
import { PipeNotSubscribedError, PipeOptionError } from "./errors.js";
import type { PipeFrameDecoder } from "./framing/types.js";
import { Relay } from "./relay.js";
import type { Settings } from "./settings.js";
import { Matcher, runPattern } from "./subscription/matcher.js";
import { type MessageHandler, Subscription, type SubscriptionHost } from "./subscription/subscription.js";
import type {
	Pipe,
	PipeEndReason,
	PipeMessage,
	PipeMessageCallback,
	PipePeer,
	PipeStall,
	PipeStats,
	PipeSubscribeOptions,
	PipeSubscriptionKey,
} from "./types.js";

/** The counters of a pipe, while they count. */
export type Counters = { -readonly [Name in keyof PipeStats]: PipeStats[Name] };

/** All counters at zero. */
export function newCounters(): Counters {
	return {
		messagesIn: 0,
		bytesIn: 0,
		messagesOut: 0,
		bytesOut: 0,
		unmatched: 0,
		foreign: 0,
		duplicates: 0,
		relayDropped: 0,
		refused: 0,
	};
}

/** What delivery needs from the connection around it. */
export interface DeliveryHost {
	readonly pipe: Pipe;
	readonly settings: Settings;
	readonly counters: Counters;
	/** Whether reading can wait for its consumers (TCP). */
	readonly lossless: boolean;
	readonly deadline: DeadlineTimer;
	/** Starts or stops reading. */
	read(on: boolean): void;
	/** Everything that the peer sent before it finished has been handed out. */
	drained(): void;
	/** The stream violates its framing. */
	broken(error: Error): void;
	report(error: Error): void;
}

const NONE: readonly never[] = [];

/**
 * Hands each message to everything that wants it: relays, then callbacks, then subscriptions. Reads only while
 * something wants messages and nothing that must not lose any is behind.
 */
export class Delivery implements SubscriptionHost {
	readonly #host: DeliveryHost;
	readonly #decoder: PipeFrameDecoder | null;
	readonly #dedupe: Dedupe | null;
	readonly #callbacks: Callbacks<Parameters<PipeMessageCallback>>;
	#subscriptions: readonly Subscription[] = NONE;
	#relays: readonly Relay[] = NONE;
	/** What is behind, the longest first. */
	#behind: readonly PipeStall[] = NONE;
	/** The pipe's own sends, while its peer does not take them. */
	#sends: PipeStall | null = null;
	#reading = false;
	/** The stream's peer, whose frames may still be held by the decoder. */
	#peer: PipePeer | null = null;
	#draining = false;
	#eof = false;
	#ended: PipeEndReason | null = null;

	constructor(host: DeliveryHost, callbacks: Callbacks<Parameters<PipeMessageCallback>>) {
		this.#host = host;
		const { framing, dedupe } = host.settings;
		this.#decoder = framing === null ? null : framing.decoder();
		this.#dedupe = dedupe === 0 ? null : new Dedupe(dedupe);
		this.#callbacks = callbacks;
	}

	get subscriptions(): readonly Subscription[] {
		return this.#subscriptions;
	}

	get relays(): readonly Relay[] {
		return this.#relays;
	}

	get lossless(): boolean {
		return this.#host.lossless;
	}

	get stalledBy(): PipeStall | null {
		const [first] = this.#behind;
		if (first !== undefined) return { kind: first.kind, name: first.name };
		return this.#paused ? this.#sends : null;
	}

	/** The subscription with this key: the same object, or one that takes the same messages. */
	find(given: PipeSubscriptionKey): Subscription | undefined {
		for (const subscription of this.#subscriptions) {
			if (subscription.given === given) return subscription;
		}
		const { key } = new Matcher(given);
		return key === null ? undefined : this.#subscriptions.find(({ matcher }) => matcher.key === key);
	}

	/** @throws PipeNotSubscribedError */
	get(given: PipeSubscriptionKey): Subscription {
		const found = this.find(given);
		if (found === undefined) throw new PipeNotSubscribedError(new Matcher(given).name);
		return found;
	}

	/**
	 * Makes a subscription. There must not be an equal one.
	 *
	 * @param given what it is found by, besides the matcher's key
	 */
	subscribe(
		given: unknown,
		matcher: Matcher,
		handler: MessageHandler | null,
		options: PipeSubscribeOptions,
	): Subscription {
		const policy = options.policy ?? (this.#host.lossless ? "wait" : "drop-oldest");
		if (policy === "wait" && !this.#host.lossless) {
			throw new PipeOptionError("policy", '"wait" is only for TCP: datagrams cannot be held back');
		}
		const { settings } = this.#host;
		const subscription = new Subscription({
			given,
			matcher,
			name: options.name ?? matcher.name,
			policy,
			maxMessages: options.queueMessages ?? settings.queueMessages,
			maxBytes: options.queueBytes ?? settings.queueBytes,
			handler,
			host: this,
			ended: this.#ended,
		});
		this.#subscriptions = [...this.#subscriptions, subscription];
		this.update();
		return subscription;
	}

	unsubscribe(subscription: Subscription): void {
		this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
		subscription.drop(new PipeNotSubscribedError(subscription.name));
		this.update();
	}

	addRelay(target: Pipe, to: PipePeer | undefined): void {
		const { settings } = this.#host;
		this.#relays = [...this.#relays, new Relay(target, to, settings.relayBytes, this)];
		this.update();
	}

	removeRelay(target: Pipe): void {
		const relay = this.#relays.find((other) => other.target === target);
		if (relay === undefined) return;
		this.#relays = this.#relays.filter((other) => other !== relay);
		relay.drop();
		this.update();
	}

	/** Data from the transport. */
	chunk(data: Buffer, peer: PipePeer): void {
		if (this.#decoder === null) {
			this.#handOut(data, peer);
			return;
		}
		this.#peer = peer;
		try {
			this.#decoder.push(data);
		} catch (error) {
			this.#host.broken(error as Error);
			return;
		}
		this.#drain(this.#decoder);
	}

	/** The peer has finished. Takes effect once the frames before it are handed out. */
	finish(): void {
		this.#eof = true;
		// Without a decoder nothing is held; without a peer nothing ever arrived.
		if (this.#decoder === null || this.#peer === null) this.#finished();
		else this.#drain(this.#decoder);
	}

	/** No message will follow. */
	end(reason: PipeEndReason): void {
		this.#ended ??= reason;
		for (const subscription of this.#subscriptions) subscription.end(reason);
	}

	/** Ends the waits whose deadline is at or before `now`. Returns the earliest deadline left. */
	expire(now: number): number {
		let next = Number.POSITIVE_INFINITY;
		for (const subscription of this.#subscriptions) next = Math.min(next, subscription.expire(now));
		return next;
	}

	/** The peer does not take what is sent to it: reading stops, if the messages have consumers that may answer. */
	pause(peer: string): void {
		this.#sends = { kind: "send", name: peer };
		this.update();
	}

	/** The peer has taken enough. */
	resume(): void {
		this.#sends = null;
		this.update();
	}

	stall(by: PipeStall): void {
		this.#behind = [...this.#behind, by];
		this.update();
	}

	release(by: PipeStall): void {
		this.#behind = this.#behind.filter((other) => other !== by);
		this.update();
	}

	report(error: Error): void {
		this.#host.report(error);
	}

	dropped(): void {
		this.#host.counters.relayDropped++;
	}

	/** Starts or stops reading, as the consumers need it now. */
	update(): void {
		const on = this.#wanted;
		if (on !== this.#reading) {
			this.#reading = on;
			this.#host.read(on);
		}
		if (on && this.#decoder !== null) this.#drain(this.#decoder);
	}

	get #wanted(): boolean {
		if (this.#behind.length > 0 || this.#paused) return false;
		return this.#callbacks.size + this.#subscriptions.length + this.#relays.length > 0;
	}

	/** A relay limits itself, and what it sends is no answer: it must not wait for the opposite direction. */
	get #paused(): boolean {
		return this.#sends !== null && this.#callbacks.size + this.#subscriptions.length > 0;
	}

	/** Hands out whole frames until there are none left, or something is behind. */
	#drain(decoder: PipeFrameDecoder): void {
		if (this.#draining || this.#peer === null) return;
		this.#draining = true;
		try {
			while (this.#wanted) {
				const frame = decoder.next();
				if (frame !== null) {
					this.#handOut(frame, this.#peer);
				} else {
					if (this.#eof) this.#drainEnd(decoder, this.#peer);
					break;
				}
			}
		} catch (error) {
			this.#host.broken(error as Error);
		} finally {
			this.#draining = false;
		}
	}

	#drainEnd(decoder: PipeFrameDecoder, peer: PipePeer): void {
		const rest = decoder.end();
		if (rest !== null) this.#handOut(rest, peer);
		this.#finished();
	}

	#finished(): void {
		this.#eof = false;
		this.#host.drained();
	}

	#handOut(data: Buffer, peer: PipePeer): void {
		const { counters, pipe, settings } = this.#host;
		counters.messagesIn++;
		counters.bytesIn += data.length;
		if (this.#dedupe?.repeats(data, peer)) {
			counters.duplicates++;
			return;
		}
		for (const relay of this.#relays) relay.forward(data);
		this.#callbacks.call(data, peer, pipe);
		let taken = this.#relays.length + this.#callbacks.size > 0;
		let message: PipeMessage | null = null;
		let text: string | null = null;
		for (const subscription of this.#subscriptions) {
			const { matcher } = subscription;
			if (subscription.dropped) continue;
			if (!matcher.all) {
				if (!matcher.matches(data, peer)) continue;
				if (matcher.test !== null) {
					// One character a byte, and made once for all patterns.
					text ??= data.toString("latin1", 0, settings.patternBytes);
					if (!runPattern(matcher, matcher.test, text, settings, this)) continue;
				}
			}
			message ??= [peer, data];
			subscription.push(message);
			taken = true;
		}
		if (!taken) counters.unmatched++;
	}
}

/**
 * The last messages by sender and content. A message is known by its SHA-256, so that no two different ones are taken
 * for each other. The one that was not seen for longest is forgotten first.
 */
class Dedupe {
	readonly #limit: number;
	readonly #seen = new Set<string>();

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Whether this sender's message is among the last; it is from now on. */
	repeats(data: Uint8Array, peer: PipePeer): boolean {
		const key = `${peer[0]} ${peer[1]} ${createHash("sha256").update(data).digest("base64")}`;
		const repeated = this.#seen.delete(key);
		this.#seen.add(key);
		if (this.#seen.size > this.#limit) {
			for (const oldest of this.#seen) {
				this.#seen.delete(oldest);
				break;
			}
		}
		return repeated;
	}
}
