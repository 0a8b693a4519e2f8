import { TCP_BUFFER, TCP_FIRST_RTO_MS, TCP_MAX_RTO_MS, TCP_MIN_RTO_MS, TCP_SEGMENT } from "../defaults.js";
import type { ManualClock } from "../manual-clock.js";
import type { TcpPacket } from "../packet.js";

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

/** The receiving half of a connection: puts what arrives in order, and holds it until it is read. */
export class ReceiveQueue {
	/** The next number expected; null before the SYN. */
	next: number | null = null;
	/** Whether the other side's FIN was reached. */
	isFinished = false;
	readonly #early = new Map<number, TcpPacket>();
	readonly #ready: Uint8Array[] = [];
	#readyBytes = 0;

	/** Bytes that can still be taken. */
	get window(): number {
		return Math.max(0, TCP_BUFFER - this.#readyBytes);
	}

	get hasUnread(): boolean {
		return this.#ready.length > 0;
	}

	/** Takes a segment after the SYN; what comes too early waits, what came before or does not fit is left out. */
	accept(packet: TcpPacket): void {
		if (this.next === null) return;
		if (packet.seq > this.next) {
			if (packet.seq < this.next + TCP_BUFFER) this.#early.set(packet.seq, packet);
			return;
		}
		this.#append(packet);
		for (let after = this.#early.get(this.next); after !== undefined; after = this.#early.get(this.next)) {
			this.#early.delete(after.seq);
			const before: number = this.next;
			this.#append(after);
			if (this.next === before) return;
		}
	}

	shift(): Uint8Array | undefined {
		const data = this.#ready.shift();
		this.#readyBytes -= data?.length ?? 0;
		return data;
	}

	#append({ seq, data, fin }: TcpPacket): void {
		if (this.next === null || this.isFinished) return;
		const fresh = data.subarray(Math.max(0, this.next - seq));
		if (fresh.length > this.window) return;
		if (fresh.length > 0) {
			this.#ready.push(fresh);
			this.#readyBytes += fresh.length;
			this.next += fresh.length;
		}
		if (fin && seq + data.length === this.next) {
			this.next += 1;
			this.isFinished = true;
		}
	}
}

/** When a connection sends again what was not answered: twice as late each time (RFC 6298 section 5). */
export class RetransmitTimer {
	readonly #clock: ManualClock;
	readonly #due: () => void;
	#handle: unknown = null;
	#rto = TCP_FIRST_RTO_MS;
	#repeats = 0;

	constructor(clock: ManualClock, due: () => void) {
		this.#clock = clock;
		this.#due = due;
	}

	/** How often it has rung since the last answer. */
	get repeats(): number {
		return this.#repeats;
	}

	/** Does nothing while it is running. */
	start(): void {
		if (this.#handle !== null) return;
		const wait = Math.min(this.#rto * 2 ** this.#repeats, TCP_MAX_RTO_MS);
		this.#handle = this.#clock.schedule(() => {
			this.#handle = null;
			this.#repeats += 1;
			this.#due();
		}, wait);
	}

	stop(): void {
		this.#clock.clearTimeout(this.#handle);
		this.#handle = null;
	}

	/** Starts again if something is under way. */
	restart(underWay: boolean): void {
		this.stop();
		if (underWay) this.start();
	}

	/** The other side is there. */
	answered(): void {
		this.#repeats = 0;
	}

	/** The handshake took a round trip of `ms`. */
	measured(ms: number): void {
		this.#repeats = 0;
		this.#rto = Math.max(TCP_MIN_RTO_MS, 2 * ms);
	}
}
