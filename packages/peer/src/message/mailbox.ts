import { type RandomBytes, systemRandom } from "@p2pd/net";
import { BOOT_BYTES, MAX_CLOCK_SKEW, MAX_REPLAY_SENDERS, REPLAY_WINDOW } from "../defaults.js";
import { PeerMessageError, type PeerMessageProblem } from "../errors.js";
import type { PeerIdentity } from "../identity.js";
import type { PeerKeys } from "../types.js";
import { ReplayWindow } from "../window.js";
import { type OpenedMessage, openMessage, sealMessage } from "./seal.js";

/** What became of a message. */
export type Receipt =
	/**
	 * It is new. `current`: its sender knows this run of the node; otherwise it may be a copy of one that an earlier run
	 * got, so that nothing but an answer may follow from it.
	 */
	| { readonly status: "accepted"; readonly message: OpenedMessage; readonly current: boolean }
	/** The sender's clock, or ours, is wrong. `offBy`: ms by which the sender's is ahead. */
	| { readonly status: "time-off"; readonly message: OpenedMessage; readonly offBy: number }
	| { readonly status: "refused"; readonly reason: PeerMessageProblem | "replay" | "full" };

/** Options of a {@link Mailbox}. */
export interface MailboxOptions {
	/** How far clocks may be apart, in ms. @default 120000 */
	readonly maxClockSkew?: number;
	/** Senders remembered at once. @default 4096 */
	readonly maxSenders?: number;
}

interface SenderState {
	readonly window: ReplayWindow;
	/** The time of its newest message. */
	latest: number;
}

/**
 * Seals and opens the messages of one run of a node, and refuses what is old, repeated or forged. Passive: it is told the
 * wall-clock time in milliseconds since 1970. Its memory is bounded: when too many senders wrote at once, new ones are
 * refused until the messages of others are too old to be repeated.
 */
export class Mailbox {
	/** The random value of this run, 8 bytes. */
	readonly boot: Uint8Array;
	readonly #identity: PeerIdentity;
	readonly #skew: number;
	readonly #maxSenders: number;
	readonly #random: RandomBytes;
	/** By sender and its run, the one that wrote last at the end. */
	readonly #senders = new Map<string, SenderState>();
	#sent = 0;

	constructor(identity: PeerIdentity, options: MailboxOptions = {}, random: RandomBytes = systemRandom) {
		this.#identity = identity;
		this.#skew = options.maxClockSkew ?? MAX_CLOCK_SKEW;
		this.#maxSenders = options.maxSenders ?? MAX_REPLAY_SENDERS;
		this.#random = random;
		this.boot = Uint8Array.from(random(BOOT_BYTES));
	}

	/** Senders that are remembered. */
	get senders(): number {
		return this.#senders.size;
	}

	/**
	 * Seals a body to a node.
	 *
	 * @param peerBoot the value of the receiver's run, from its last message; null where it is not known
	 * @throws PeerMessageError `ERR_PEER_MESSAGE_LENGTH`
	 */
	seal(receiver: PeerKeys, body: Uint8Array, peerBoot: Uint8Array | null, now: number): Buffer {
		this.#sent++;
		const fields = {
			time: Math.round(now),
			number: this.#sent,
			boot: this.boot,
			peerBoot: peerBoot ?? new Uint8Array(BOOT_BYTES),
			body,
		};
		return sealMessage(this.#identity, receiver, fields, this.#random);
	}

	/** Opens a message and judges it. Never throws for what came from outside. */
	open(sealed: Uint8Array, now: number): Receipt {
		let message: OpenedMessage;
		try {
			message = openMessage(sealed, this.#identity);
		} catch (error) {
			if (error instanceof PeerMessageError) return { status: "refused", reason: error.problem };
			throw error;
		}
		const offBy = message.time - now;
		if (Math.abs(offBy) > this.#skew) return { status: "time-off", message, offBy };
		const refusal = this.#note(message, now);
		if (refusal !== null) return { status: "refused", reason: refusal };
		return { status: "accepted", message, current: Buffer.from(message.peerBoot).equals(this.boot) };
	}

	#note(message: OpenedMessage, now: number): "replay" | "full" | null {
		const key = `${message.sender.id}${Buffer.from(message.boot).toString("hex")}`;
		const known = this.#senders.get(key);
		if (known !== undefined) {
			if (!known.window.take(message.number)) return "replay";
			known.latest = Math.max(known.latest, message.time);
			this.#senders.delete(key);
			this.#senders.set(key, known);
			return null;
		}
		this.#forgetOld(now);
		if (this.#senders.size >= this.#maxSenders) return "full";
		const window = new ReplayWindow(REPLAY_WINDOW);
		window.take(message.number);
		this.#senders.set(key, { window, latest: message.time });
		return null;
	}

	/** Forgets senders all of whose messages are refused for their time by now. */
	#forgetOld(now: number): void {
		for (const [key, { latest }] of this.#senders) {
			if (latest >= now - this.#skew) {
				if (this.#senders.size < this.#maxSenders) return;
				continue;
			}
			this.#senders.delete(key);
		}
	}
}
