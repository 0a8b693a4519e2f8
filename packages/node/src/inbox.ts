import type { Clock, RandomBytes } from "@p2pd/net";
import type { PeerIdentity, PeerKeys } from "@p2pd/peer";
import { Mailbox, type OpenedMessage } from "@p2pd/peer/protocol";
import { type Signal, SignalSendError } from "@p2pd/signal";
import { INBOX_BURST, INBOX_RATE } from "./defaults.js";
import { decodeMessage, encodeMessage, type NodeMessage } from "./messages.js";

/** A message to this node whose sender is proven. */
export interface Incoming {
	readonly message: NodeMessage;
	readonly sender: OpenedMessage["sender"];
	/** The value of the sender's run: answers carry it. */
	readonly boot: Uint8Array;
	/** The sender knows this run of the node, so that the message is not a copy of an old one. */
	readonly current: boolean;
	/** Where it came in. */
	readonly via: Signal;
	/** By how many ms the sender's clock is ahead, if that is more than is accepted; else null. */
	readonly offBy: number | null;
}

/** What an inbox is made with. */
export interface InboxInit {
	readonly identity: PeerIdentity;
	readonly clock: Clock;
	/** Milliseconds since 1970. */
	readonly wallNow: () => number;
	readonly random: RandomBytes;
	readonly onMessage: (incoming: Incoming) => void;
}

/** Joins a node's signals to its mailbox: opens what comes in, seals what goes out. */
export class Inbox {
	readonly mailbox: Mailbox;
	readonly #init: InboxInit;
	readonly #reading = new Map<Signal, Promise<void>>();
	#tokens = INBOX_BURST;
	#tokensAt: number;

	constructor(init: InboxInit) {
		this.#init = init;
		this.#tokensAt = init.clock.now();
		this.mailbox = new Mailbox(init.identity, {}, init.random);
	}

	/** Reads a signal until it is closed. */
	add(signal: Signal): void {
		if (this.#reading.has(signal)) return;
		this.#reading.set(
			signal,
			this.#read(signal).finally(() => this.#reading.delete(signal)),
		);
	}

	/**
	 * Seals a message and sends it by every signal given. Resolves when one of them has taken it.
	 *
	 * @throws what the last of them threw, if none did
	 */
	async send(
		to: PeerKeys & { readonly id: string },
		message: NodeMessage,
		boot: Uint8Array | null,
		via: readonly Signal[],
	): Promise<void> {
		const sealed = this.mailbox.seal(to, encodeMessage(message), boot, this.#init.wallNow());
		if (via.length === 0) throw new SignalSendError("there is no signal server");
		const outcomes = await Promise.allSettled(via.map((signal) => signal.send(to.id, sealed)));
		const failed = outcomes.filter((outcome) => outcome.status === "rejected");
		if (failed.length === outcomes.length) throw failed[0]?.reason;
	}

	/** Resolves when no signal is read any more. */
	async ended(): Promise<void> {
		await Promise.all(this.#reading.values());
	}

	async #read(signal: Signal): Promise<void> {
		for await (const sealed of signal.messages()) {
			// Opening costs more than sending: a flood is dropped unopened.
			if (this.#take()) this.#open(sealed, signal);
		}
	}

	#open(sealed: Uint8Array, via: Signal): void {
		const receipt = this.mailbox.open(sealed, this.#init.wallNow());
		if (receipt.status === "refused") return;
		const message = decodeMessage(receipt.message.body);
		if (message === null) return;
		const { boot, sender } = receipt.message;
		const timeOff = receipt.status === "time-off";
		this.#init.onMessage({
			message,
			sender,
			boot,
			current: !timeOff && receipt.current,
			via,
			offBy: timeOff ? receipt.offBy : null,
		});
	}

	#take(): boolean {
		const now = this.#init.clock.now();
		this.#tokens = Math.min(INBOX_BURST, this.#tokens + ((now - this.#tokensAt) / 1000) * INBOX_RATE);
		this.#tokensAt = now;
		if (this.#tokens < 1) return false;
		this.#tokens--;
		return true;
	}
}
