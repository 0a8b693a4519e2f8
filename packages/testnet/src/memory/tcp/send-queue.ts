import { TCP_BUFFER, TCP_SEGMENT } from "../defaults.js";

/** A part of the stream that was sent and is not acknowledged. */
export interface Outstanding {
	readonly seq: number;
	/** Numbers that it takes: its bytes, and one each for SYN and FIN. */
	readonly length: number;
	readonly syn: boolean;
	readonly fin: boolean;
	readonly data: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The sending half of a connection: what waits, what is under way, and which numbers it has. */
export class SendQueue {
	/** The next number to give out. */
	next = 0;
	/** All below this was acknowledged. */
	acknowledged = 0;
	/** Bytes that the other side can take beyond `acknowledged`. */
	window = TCP_SEGMENT;
	readonly #waiting: Uint8Array[] = [];
	#outstanding: Outstanding[] = [];
	#waitingBytes = 0;
	#finWaits = false;
	#finSent = false;

	/** Whether a writer should wait before it hands over more. */
	get isFull(): boolean {
		return this.#waitingBytes + this.next - this.acknowledged >= TCP_BUFFER;
	}

	get first(): Outstanding | undefined {
		return this.#outstanding[0];
	}

	/** Whether data or a FIN waits for room in the window. */
	get hasWaiting(): boolean {
		return this.#waiting.length > 0 || (this.#finWaits && !this.#finSent);
	}

	/** Whether a FIN was sent and acknowledged. */
	get isFinished(): boolean {
		return this.#finSent && this.#outstanding.length === 0;
	}

	get isFinSent(): boolean {
		return this.#finSent;
	}

	syn(): Outstanding {
		return this.#give({ syn: true, fin: false, data: NOTHING });
	}

	push(data: Uint8Array): void {
		for (let at = 0; at < data.length; at += TCP_SEGMENT)
			this.#waiting.push(data.subarray(at, at + TCP_SEGMENT));
		this.#waitingBytes += data.length;
	}

	finish(): void {
		this.#finWaits = true;
	}

	/** The next segment that the window has room for; with `probe` one byte more than it has. */
	take(probe = false): Outstanding | null {
		const room = probe ? 1 : this.acknowledged + this.window - this.next;
		const [head] = this.#waiting;
		if (head !== undefined) {
			if (room <= 0) return null;
			const data = head.subarray(0, room);
			if (data.length === head.length) this.#waiting.shift();
			else this.#waiting[0] = head.subarray(data.length);
			this.#waitingBytes -= data.length;
			return this.#give({ syn: false, fin: false, data });
		}
		if (!this.#finWaits || this.#finSent) return null;
		this.#finSent = true;
		return this.#give({ syn: false, fin: true, data: NOTHING });
	}

	/** @returns whether anything new was acknowledged */
	acknowledge(ack: number): boolean {
		if (ack <= this.acknowledged || ack > this.next) return false;
		this.acknowledged = ack;
		this.#outstanding = this.#outstanding.filter(({ seq, length }) => seq + length > ack);
		return true;
	}

	#give(part: Omit<Outstanding, "seq" | "length">): Outstanding {
		const length = part.data.length + (part.syn ? 1 : 0) + (part.fin ? 1 : 0);
		const outstanding = { ...part, seq: this.next, length };
		this.next += length;
		this.#outstanding.push(outstanding);
		return outstanding;
	}
}
