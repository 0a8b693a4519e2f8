import { CHANNEL_REPEAT, CHANNEL_REPEAT_MAX, MAX_KIND_CHANGES } from "./defaults.js";
import { PunchMessageError } from "./errors.js";
import type { NatKind } from "./kind.js";
import { decodeMessage, type EndReason, encodeMessage, type Message, type Offer } from "./message.js";

/** What a meeting asks of its owner, or tells it. */
export type MeetingEvent =
	/** Open sockets for this round and observe; then call `ready`. Comes again for a round if the peer's kind differs. */
	| { readonly type: "prepare"; readonly round: number; readonly theirKind: NatKind | null }
	/** Both start at `at`. */
	| {
			readonly type: "start";
			readonly round: number;
			readonly at: number;
			readonly theirs: Offer;
			/** Both secrets. */
			readonly secrets: { readonly leader: Uint8Array; readonly follower: Uint8Array };
	  }
	/** The peer has ended the punch. */
	| { readonly type: "ended"; readonly reason: EndReason }
	/** There is no further round. */
	| { readonly type: "exhausted" };

/** What a meeting wants done now, and when it wants to be asked again (Infinity: not before something happens). */
export interface MeetingStep {
	readonly messages: readonly Uint8Array[];
	readonly events: readonly MeetingEvent[];
	readonly wakeAt: number;
}

/** What a meeting is made of. */
export interface MeetingParts {
	readonly role: "leader" | "follower";
	/** This side's secret. */
	readonly nonce: Uint8Array;
	readonly kind: NatKind;
	/** What the report says of the peer. */
	readonly theirKind: NatKind;
	/** Observe while the first messages travel. Not for a NAT that counts: there the observation must come last. */
	readonly early: boolean;
	/** How many rounds there are at most. */
	readonly rounds: number;
}

type Timed = Extract<Message, { readonly round: number }>;

/** A channel slower than this has no use for an agreed instant, in ms. */
const MAX_RTT = 5000;
const TICKS = 10;

/**
 * How two peers agree on rounds and on an instant, by the round trip of their channel alone:
 *
 * ```
 *   leader                     follower
 *     | -- prepare (time) ------> |   observes
 *     | <-- ready (time, held) -- |
 *   observes                      |
 *     | -- start ---------------> |   starts now
 *   starts half a round trip later
 * ```
 *
 * Lost messages are repeated, repeated ones do nothing, and late ones belong to another round or another call. It has
 * no clock and no channel: it is told what happened and when.
 */
export class Meeting {
	readonly #parts: MeetingParts;
	#theirKind: NatKind;
	#theirNonce: Uint8Array | null = null;
	/** The peer has proved that it knows our secret, so its own one is of this call. */
	#confirmed = false;
	#round = 0;
	/** Follower: the leader has asked for the round. Leader: the follower is ready for it. */
	#asked: { readonly message: Timed; readonly at: number } | null = null;
	#prepared = false;
	#offer: Offer | null = null;
	#started = false;
	#over = false;
	#repeatAt = Number.POSITIVE_INFINITY;
	#repeatAfter = CHANNEL_REPEAT;
	#rtt: number | null = null;
	/** How often the peer has said that its NAT is of another kind. Each time costs sockets and an observation. */
	#changes = 0;
	#events: MeetingEvent[] = [];
	#messages: Uint8Array[] = [];

	constructor(parts: MeetingParts) {
		this.#parts = parts;
		this.#theirKind = parts.theirKind;
	}

	/** Round trip of the channel in ms, once the leader has measured it. */
	get rtt(): number | null {
		return this.#rtt;
	}

	/** Rounds begun. */
	get rounds(): number {
		return this.#started ? this.#round + 1 : this.#round;
	}

	begin(now: number): void {
		if (this.#parts.early) this.#prepare();
		if (this.#parts.role === "leader") this.#send("prepare", now);
	}

	/** A message came from the channel. Whatever is not of this punch is ignored. */
	receive(bytes: Uint8Array, now: number): void {
		if (this.#over) return;
		const message = readOrNull(bytes);
		if (message === null || !this.#isForUs(message)) return;
		if (message.type === "end") {
			this.#over = true;
			this.#events.push({ type: "ended", reason: message.reason });
		} else if (this.#parts.role === "leader") {
			if (message.type === "ready") this.#onReady(message, now);
		} else if (message.type === "prepare") {
			this.#onPrepare(message, now);
		} else if (message.type === "start") {
			this.#onStart(message, now);
		}
	}

	/** The sockets of the round are open and observed. */
	ready(round: number, offer: Offer, now: number): void {
		if (this.#over || round !== this.#round || this.#offer !== null) return;
		this.#offer = offer;
		this.#answer(now);
	}

	/** The round has ended without success. */
	failed(now: number): void {
		if (this.#over || this.#parts.role === "follower") return;
		if (this.#round + 1 >= this.#parts.rounds) {
			this.#events.push({ type: "exhausted" });
			return;
		}
		this.#nextRound(this.#round + 1);
		if (this.#parts.early) this.#prepare();
		this.#send("prepare", now);
	}

	/** Tells the peer that this side ends. */
	end(reason: EndReason): void {
		if (this.#over) return;
		this.#over = true;
		this.#messages.push(encodeMessage({ ...this.#head(), type: "end", reason }));
	}

	poll(now: number): MeetingStep {
		if (now >= this.#repeatAt && !this.#over) {
			this.#repeatAfter = Math.min(this.#repeatAfter * 1.5, CHANNEL_REPEAT_MAX);
			if (this.#parts.role === "leader") this.#send("prepare", now);
			else this.#sendReady(now);
		}
		const step = {
			messages: this.#messages,
			events: this.#events,
			wakeAt: this.#over ? Number.POSITIVE_INFINITY : this.#repeatAt,
		};
		this.#messages = [];
		this.#events = [];
		return step;
	}

	#isForUs({ from, to, type }: Message): boolean {
		if (to !== null && !sameBytes(to, this.#parts.nonce)) return false;
		if (this.#confirmed && !sameBytes(from, this.#theirNonce)) return false;
		// Only the opening message may come from a peer that does not know our secret yet.
		if (to === null && (type !== "prepare" || this.#parts.role === "leader")) return false;
		if (!this.#confirmed) {
			this.#theirNonce = from;
			this.#confirmed = to !== null;
		}
		return true;
	}

	#onPrepare(message: Timed, now: number): void {
		const sameCall = this.#asked !== null && sameBytes(this.#asked.message.from, message.from);
		if (message.round >= this.#parts.rounds || (message.round < this.#round && sameCall)) return;
		if (message.round > this.#round || (this.#asked !== null && !sameCall)) this.#nextRound(message.round);
		if (this.#started) return;
		this.#asked = { message, at: now };
		this.#learn(message.offer.kind);
		if (!this.#prepared) this.#prepare();
		this.#answer(now);
	}

	#onReady(message: Timed, now: number): void {
		if (message.round !== this.#round) return;
		if (this.#started) {
			// The start was lost: the follower starts late, and this side is still at it.
			this.#send("start", now);
			return;
		}
		this.#asked = { message, at: now };
		const passed = ((ticks(now) - message.stamp) >>> 0) / TICKS - message.wait / TICKS;
		this.#rtt = Math.min(Math.max(passed, 0), MAX_RTT);
		this.#learn(message.offer.kind);
		if (!this.#prepared) this.#prepare();
		this.#answer(now);
	}

	#onStart(message: Timed, now: number): void {
		if (message.round !== this.#round || this.#started || this.#asked === null || this.#offer === null)
			return;
		this.#start(message, now + Math.min(message.wait / TICKS, MAX_RTT));
	}

	/** Does what comes next once both the peer's word and the own offer are there. */
	#answer(now: number): void {
		if (this.#asked === null || this.#offer === null || this.#started) return;
		if (this.#parts.role === "follower") {
			this.#repeatAfter = CHANNEL_REPEAT;
			this.#sendReady(now);
			return;
		}
		this.#send("start", now);
		this.#start(this.#asked.message, now + (this.#rtt ?? 0) / 2);
	}

	#start({ offer }: Timed, at: number): void {
		const theirs = this.#theirNonce;
		if (theirs === null) return;
		this.#started = true;
		this.#repeatAt = Number.POSITIVE_INFINITY;
		const [leader, follower] =
			this.#parts.role === "leader" ? [this.#parts.nonce, theirs] : [theirs, this.#parts.nonce];
		this.#events.push({
			type: "start",
			round: this.#round,
			at,
			theirs: offer,
			secrets: { leader, follower },
		});
	}

	#prepare(): void {
		this.#prepared = true;
		const theirKind = this.#asked === null ? null : this.#theirKind;
		this.#events.push({ type: "prepare", round: this.#round, theirKind });
	}

	/** The peer knows its own NAT best. What was prepared for another kind is done again. */
	#learn(kind: NatKind): void {
		const { type, delta, step } = this.#theirKind;
		if (kind.type === type && kind.delta === delta && kind.step === step) return;
		this.#changes += 1;
		if (this.#changes > MAX_KIND_CHANGES) return;
		this.#theirKind = kind;
		this.#offer = null;
		this.#prepared = false;
	}

	#nextRound(round: number): void {
		this.#round = round;
		this.#asked = null;
		this.#prepared = false;
		this.#offer = null;
		this.#started = false;
		this.#repeatAfter = CHANNEL_REPEAT;
	}

	#sendReady(now: number): void {
		if (this.#asked !== null)
			this.#send("ready", now, this.#asked.message.stamp, ticks(now - this.#asked.at));
	}

	#send(type: Timed["type"], now: number, stamp = ticks(now), wait = 0): void {
		const offer = this.#offer ?? { kind: this.#parts.kind, external: null, lan: [] };
		this.#messages.push(encodeMessage({ ...this.#head(), type, round: this.#round, stamp, wait, offer }));
		if (type !== "start") this.#repeatAt = now + this.#repeatAfter;
	}

	#head(): { readonly from: Uint8Array; readonly to: Uint8Array | null } {
		return { from: this.#parts.nonce, to: this.#theirNonce };
	}
}

function readOrNull(bytes: Uint8Array): Message | null {
	try {
		return decodeMessage(bytes);
	} catch (error) {
		if (error instanceof PunchMessageError) return null;
		throw error;
	}
}

const ticks = (ms: number): number => Math.round(ms * TICKS) >>> 0;

function sameBytes(a: Uint8Array, b: Uint8Array | null): boolean {
	return b !== null && a.length === b.length && a.every((byte, index) => byte === b[index]);
}
