import { TCP_BUFFER } from "../defaults.js";
import type { TcpPacket } from "../packet.js";

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
