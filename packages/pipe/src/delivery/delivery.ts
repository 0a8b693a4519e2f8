import type { Callbacks } from "../callbacks.js";
import { PipeNotSubscribedError, PipeOptionError } from "../errors.js";
import type { FrameDecoder } from "../framing/types.js";
import type { LazyDeadline } from "../lazy-deadline.js";
import type { Pipe } from "../pipe.js";
import { Relay } from "../relay/relay.js";
import type { Settings } from "../settings.js";
import { Matcher } from "../subscription/matcher.js";
import type { Message } from "../subscription/queue.js";
import { Subscription, type SubscriptionHost } from "../subscription/subscription.js";
import type { EndReason, MessageCallback, Peer, Stall, SubscribeOptions, SubscriptionKey } from "../types.js";
import type { Counters } from "./counters.js";
import { Dedupe } from "./dedupe.js";
import { runPattern } from "./pattern-runner.js";

/** What delivery needs of the pipe around it. */
export interface DeliveryHost {
	readonly pipe: Pipe;
	readonly settings: Settings;
	readonly counters: Counters;
	/** Whether reading can wait for its consumers (TCP). */
	readonly lossless: boolean;
	readonly deadline: LazyDeadline;
	/** The pipe's end, once it has ended. */
	readonly reason: EndReason | null;
	/** Lets data come, or stops it. */
	read(on: boolean): void;
	/** Everything that the peer sent before it finished has been handed out. */
	drained(): void;
	/** The stream does not keep to its framing. */
	broken(error: Error): void;
	report(error: Error): void;
}

const NONE: readonly never[] = [];

/**
 * Hands each message to all who want it: relays, then callbacks, then subscriptions. Reads only while there
 * is somebody to hand to, and nobody lossless is behind.
 */
export class Delivery implements SubscriptionHost {
	readonly #host: DeliveryHost;
	readonly #decoder: FrameDecoder | null;
	readonly #dedupe: Dedupe | null;
	readonly #callbacks: Callbacks<Parameters<MessageCallback>>;
	#subscriptions: readonly Subscription[] = NONE;
	#relays: readonly Relay[] = NONE;
	/** Who is behind, the longest first. */
	#behind: readonly (Subscription | Relay)[] = NONE;
	#reading = false;
	/** The stream's peer, whose frames may still be held by the decoder. */
	#peer: Peer | null = null;
	#draining = false;
	#eof = false;
	#ended: EndReason | null = null;

	constructor(host: DeliveryHost, callbacks: Callbacks<Parameters<MessageCallback>>) {
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

	get stalledBy(): Stall | null {
		const [first] = this.#behind;
		if (first === undefined) return null;
		return { kind: first instanceof Relay ? "relay" : "subscription", name: first.name };
	}

	/** The subscription of this key: the same object, or one that takes the same messages. */
	find(given: SubscriptionKey): Subscription | undefined {
		for (const subscription of this.#subscriptions) {
			if (subscription.given === given) return subscription;
		}
		if (this.#subscriptions.length === 0) return undefined;
		const { key } = new Matcher(given);
		return key === null ? undefined : this.#subscriptions.find(({ matcher }) => matcher.key === key);
	}

	/** @throws PipeNotSubscribedError */
	get(given: SubscriptionKey): Subscription {
		const found = this.find(given);
		if (found === undefined) throw new PipeNotSubscribedError(new Matcher(given).name);
		return found;
	}

	/**
	 * Makes a subscription; an equal one must not be there.
	 *
	 * @param given what it is found again by, beside the matcher's key
	 */
	subscribe(
		given: unknown,
		matcher: Matcher,
		handler: ((message: Message) => unknown) | null,
		options: SubscribeOptions,
	): Subscription {
		const policy = options.policy ?? (this.#host.lossless ? "wait" : "drop-oldest");
		if (policy === "wait" && !this.#host.lossless) {
			throw new PipeOptionError("policy", "UDP cannot wait: its datagrams come all the same");
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

	addRelay(target: Pipe, to: Peer | undefined): void {
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
	chunk(data: Buffer, peer: Peer): void {
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

	/** The peer has finished; takes effect once the frames before it are handed out. */
	finish(): void {
		this.#eof = true;
		// Without a decoder nothing is held; without a peer nothing ever came.
		if (this.#decoder === null || this.#peer === null) this.#finished();
		else this.#drain(this.#decoder);
	}

	/** No message will follow. */
	end(reason: EndReason): void {
		this.#ended ??= reason;
		for (const subscription of this.#subscriptions) subscription.end(reason);
	}

	/** Ends the waits that are over. Returns the earliest deadline left. */
	expire(now: number): number {
		let next = Number.POSITIVE_INFINITY;
		for (const subscription of this.#subscriptions) next = Math.min(next, subscription.expire(now));
		return next;
	}

	stall(by: Subscription | Relay): void {
		this.#behind = [...this.#behind, by];
		this.update();
	}

	release(by: Subscription | Relay): void {
		this.#behind = this.#behind.filter((other) => other !== by);
		this.update();
	}

	report(error: Error): void {
		this.#host.report(error);
	}

	dropped(): void {
		this.#host.counters.relayDropped++;
	}

	/** Reads or stops, as the consumers are now. */
	update(): void {
		const on = this.#wanted;
		if (on !== this.#reading) {
			this.#reading = on;
			this.#host.read(on);
		}
		if (on && this.#decoder !== null) this.#drain(this.#decoder);
	}

	get #wanted(): boolean {
		if (this.#behind.length > 0) return false;
		return this.#callbacks.size + this.#subscriptions.length + this.#relays.length > 0;
	}

	/** Hands out whole frames until there are none, or somebody is behind. */
	#drain(decoder: FrameDecoder): void {
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

	#drainEnd(decoder: FrameDecoder, peer: Peer): void {
		const rest = decoder.end();
		if (rest !== null) this.#handOut(rest, peer);
		this.#finished();
	}

	#finished(): void {
		this.#eof = false;
		this.#host.drained();
	}

	#handOut(data: Buffer, peer: Peer): void {
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
		let message: Message | null = null;
		let text: string | null = null;
		for (const subscription of this.#subscriptions) {
			const { matcher } = subscription;
			if (!matcher.all) {
				if (!matcher.meets(data, peer)) continue;
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
