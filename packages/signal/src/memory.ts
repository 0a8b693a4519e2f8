import { MessageQueue } from "@p2pd/net";
import { isNodeId } from "@p2pd/peer";
import { INBOX_MESSAGES, MAX_SIGNAL_MESSAGE_BYTES } from "./defaults.js";
import { SignalArgumentError, SignalClosedError } from "./errors.js";
import type { Signal, SignalState } from "./types.js";

/** A message on its way through a {@link MemorySignalHub}. */
export interface HubMessage {
	readonly from: string;
	readonly to: string;
	readonly bytes: Uint8Array;
}

/** What becomes of a message: the messages to deliver in its place, none to drop it. */
export type HubRule = (message: HubMessage) => readonly HubMessage[];

/**
 * Signals of nodes in one process, for tests and demonstrations. `rule` may drop, repeat, change or hold back messages, as
 * a hostile server would; {@link deliver} delivers what was held back.
 */
export class MemorySignalHub {
	/** What becomes of each message. */
	rule: HubRule = (message) => [message];
	readonly #inboxes = new Map<string, Set<MessageQueue<Uint8Array>>>();

	/** Opens the inbox of a node. Several may be open for one id; each gets every message. */
	open(id: string): Signal {
		const queue = new MessageQueue<Uint8Array>(INBOX_MESSAGES);
		const inboxes = this.#inboxes.get(id) ?? new Set();
		this.#inboxes.set(id, inboxes.add(queue));
		return new MemorySignal(id, this, queue, () => {
			inboxes.delete(queue);
			if (inboxes.size === 0) this.#inboxes.delete(id);
		});
	}

	/** Puts a message into the inboxes of its receiver, past the rule. */
	deliver({ bytes, to }: HubMessage): void {
		for (const inbox of this.#inboxes.get(to) ?? []) inbox.push(Uint8Array.from(bytes));
	}
}

class MemorySignal implements Signal {
	readonly id: string;
	readonly url = "memory";
	readonly #hub: MemorySignalHub;
	readonly #queue: MessageQueue<Uint8Array>;
	readonly #onClose: () => void;
	#state: SignalState = "open";

	constructor(id: string, hub: MemorySignalHub, queue: MessageQueue<Uint8Array>, onClose: () => void) {
		this.id = id;
		this.#hub = hub;
		this.#queue = queue;
		this.#onClose = onClose;
	}

	get state(): SignalState {
		return this.#state;
	}

	async ready(): Promise<void> {
		this.#checkOpen();
	}

	async send(to: string, bytes: Uint8Array): Promise<void> {
		this.#checkOpen();
		checkMessage(to, bytes);
		for (const message of this.#hub.rule({ from: this.id, to, bytes })) this.#hub.deliver(message);
	}

	messages(): AsyncIterableIterator<Uint8Array> {
		return this.#queue.read();
	}

	async close(): Promise<void> {
		if (this.#state === "closed") return;
		this.#state = "closed";
		this.#onClose();
		this.#queue.end();
	}

	#checkOpen(): void {
		if (this.#state === "closed") throw new SignalClosedError();
	}
}

/** @throws SignalArgumentError */
export function checkMessage(to: unknown, bytes: unknown): void {
	if (!isNodeId(to)) throw new SignalArgumentError("to", "must be a node id");
	if (!(bytes instanceof Uint8Array))
		throw new SignalArgumentError("bytes", "must be a Buffer or Uint8Array");
	if (bytes.length > MAX_SIGNAL_MESSAGE_BYTES) {
		throw new SignalArgumentError(
			"bytes",
			`must be at most ${MAX_SIGNAL_MESSAGE_BYTES} bytes, not ${bytes.length}`,
		);
	}
}
