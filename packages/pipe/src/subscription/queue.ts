import { Fifo } from "../fifo.js";
import type { PipeMessage } from "../types.js";

/** Messages in order of arrival, with their size in memory. */
export class MessageQueue {
	readonly #messages = new Fifo<PipeMessage>();
	#bytes = 0;

	get length(): number {
		return this.#messages.length;
	}

	get bytes(): number {
		return this.#bytes;
	}

	push(message: PipeMessage): void {
		const kept = compact(message);
		this.#messages.push(kept);
		this.#bytes += kept[1].length;
	}

	shift(): PipeMessage | undefined {
		const message = this.#messages.shift();
		if (message !== undefined) this.#bytes -= message[1].length;
		return message;
	}

	clear(): void {
		this.#messages.clear();
		this.#bytes = 0;
	}
}

/**
 * A frame is a slice of the chunk that it arrived in, and keeps the whole chunk (64 KiB) in memory. One that is less
 * than half of it is copied, small ones into the pool that Node's small buffers share.
 */
function compact(message: PipeMessage): PipeMessage {
	const [peer, data] = message;
	const { byteLength } = data.buffer;
	if (data.length * 2 >= byteLength || byteLength <= Buffer.poolSize) return message;
	return [peer, Buffer.from(data)];
}
