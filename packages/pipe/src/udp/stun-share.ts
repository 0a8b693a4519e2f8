import type { RemoteInfo, Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { STUN_REQUESTS } from "../defaults.js";

/** What a STUN client needs of a UDP socket: the same methods and events as `dgram.Socket`. */
export type SharedSocket = Pick<
	Socket,
	"send" | "address" | "on" | "once" | "off" | "emit" | "removeListener"
>;

/**
 * A UDP pipe's socket as a STUN client sees it. It notes the transaction ids of the requests that leave by
 * it; a reply with one of them goes to the client's listeners and nowhere else (the demultiplexing of RFC 7983,
 * narrowed to what was asked here). Everything else goes to the pipe as ever.
 */
export class StunShare {
	readonly socket: SharedSocket;
	readonly #events = new EventEmitter();
	readonly #asked = new Set<string>();

	constructor(socket: Socket) {
		const note = this.#note.bind(this);
		const send = socket.send.bind(socket) as (...args: unknown[]) => void;
		const shared = Object.assign(this.#events, {
			address: () => socket.address(),
			send: (...args: unknown[]) => {
				note(args[0]);
				send(...args);
			},
		});
		this.socket = shared as unknown as SharedSocket;
	}

	/** Whether `data` answers a request from here; the listeners have it then. */
	consume(data: Buffer, from: RemoteInfo): boolean {
		if (this.#asked.size === 0) return false;
		const id = transactionId(data);
		if (id === null || (data[0] ?? 0) % 2 === 0 || !this.#asked.has(id)) return false;
		this.#events.emit("message", data, from);
		return true;
	}

	/** The pipe's socket closed. */
	closed(): void {
		this.#asked.clear();
		this.#events.emit("close");
		this.#events.removeAllListeners();
	}

	#note(data: unknown): void {
		const id = data instanceof Uint8Array ? transactionId(data) : null;
		if (id === null) return;
		// Retransmissions and several replies to one request are common, so an id stays until it is the oldest.
		this.#asked.delete(id);
		this.#asked.add(id);
		if (this.#asked.size <= STUN_REQUESTS) return;
		for (const oldest of this.#asked) {
			this.#asked.delete(oldest);
			break;
		}
	}
}

/**
 * The 16 bytes after type and length of what may be a STUN message (RFC 8489 section 5: two zero bits first,
 * a length of whole words that fits). Cookie and id together are the id of RFC 3489.
 */
function transactionId(data: Uint8Array): string | null {
	if (data.length < 20 || ((data[0] ?? 0) & 0xc0) !== 0) return null;
	const length = ((data[2] ?? 0) << 8) | (data[3] ?? 0);
	if (length + 20 !== data.length) return null;
	return Buffer.from(data.buffer, data.byteOffset + 4, 16).toString("latin1");
}
