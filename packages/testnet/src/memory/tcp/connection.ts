import { DEFAULT_TTL, TCP_LINGER_MS, TCP_RETRIES, TCP_SEGMENT, TCP_SYN_RETRIES } from "../defaults.js";
import { SystemError } from "../errors.js";
import type { ManualClock } from "../manual-clock.js";
import type { TcpPacket } from "../packet.js";
import type { Family, HostPort } from "../types.js";
import { type Outstanding, ReceiveQueue, RetransmitTimer, SendQueue } from "./queues.js";

/** What a connection tells its user. */
export interface ConnectionUser {
	connected(): void;
	/** There may be something to `read()`. */
	readable(): void;
	/** There is room to write again. */
	writable(): void;
	/** Nothing more will happen; with an error unless both sides had ended. */
	closed(error: SystemError | null): void;
}

/** What a connection is made of. */
export interface ConnectionParts {
	readonly af: Family;
	readonly local: HostPort;
	readonly remote: HostPort;
	readonly clock: ManualClock;
	readonly output: (packet: TcpPacket) => void;
	/** Forget this connection. */
	readonly done: () => void;
}

type State = "syn-sent" | "syn-received" | "established" | "closed";

/**
 * One TCP connection (RFC 9293): handshake, also by simultaneous open, bytes in order with retransmission and a
 * window, half-close, reset. Without congestion control, options, TIME-WAIT and delayed acknowledgement.
 */
export class TcpConnection {
	readonly local: HostPort;
	readonly remote: HostPort;
	readonly #parts: ConnectionParts;
	readonly #send = new SendQueue();
	readonly #receive = new ReceiveQueue();
	#state: State = "syn-sent";
	#user: ConnectionUser | null = null;
	readonly #timer: RetransmitTimer;
	#lingering: unknown = null;
	#synAt = 0;
	#announced = 0;

	constructor(parts: ConnectionParts) {
		this.#parts = parts;
		this.#timer = new RetransmitTimer(parts.clock, () => this.#repeat());
		this.local = parts.local;
		this.remote = parts.remote;
	}

	/** Active open. */
	open(user: ConnectionUser): void {
		this.#user = user;
		this.#synAt = this.#parts.clock.now();
		this.#transmit(this.#send.syn());
	}

	/** Passive open: answers a SYN. */
	answer(user: ConnectionUser, syn: TcpPacket): void {
		this.#user = user;
		this.#state = "syn-received";
		this.#synAt = this.#parts.clock.now();
		this.#receive.next = syn.seq + 1;
		this.#send.window = syn.window;
		this.#transmit(this.#send.syn());
	}

	/** @returns whether the writer may go on; if not, `writable` will be called */
	write(data: Uint8Array): boolean {
		this.#send.push(data);
		this.#pump();
		return !this.#send.isFull;
	}

	/** Sends a FIN after what was written. */
	finish(): void {
		this.#send.finish();
		this.#pump();
	}

	/** The next bytes in order; null at the end of the stream; undefined when nothing is there yet. */
	read(): Uint8Array | null | undefined {
		const data = this.#receive.shift();
		if (data === undefined) return this.#receive.isFinished ? null : undefined;
		// A reader that made room after the window was (almost) closed says so.
		if (this.#announced < TCP_SEGMENT && this.#receive.window >= TCP_SEGMENT) this.#acknowledge();
		return data;
	}

	/** The user goes away: ends in good order, or with a reset if it left bytes unread. */
	release(): void {
		this.#user = null;
		if (this.#state === "syn-sent") this.#close(null);
		else if (this.#receive.hasUnread) this.abort();
		else this.#linger();
	}

	/** Ends at once with a reset. */
	abort(): void {
		if (this.#state === "closed") return;
		if (this.#state !== "syn-sent") this.#output({ rst: true, seq: this.#send.next });
		this.#close(null);
	}

	/** Ends without a user. Once all of its own has arrived it does not wait for ever for the other side's end. */
	#linger(): void {
		if (this.#state === "closed") return;
		this.finish();
		this.#lingerIfAlone();
	}

	#lingerIfAlone(): void {
		if (this.#user !== null || this.#lingering !== null || !this.#send.isFinished) return;
		this.#lingering = this.#parts.clock.schedule(() => this.#close(null), TCP_LINGER_MS);
	}

	receive(packet: TcpPacket): void {
		if (packet.rst) this.#reset(packet);
		else if (this.#state === "syn-sent") this.#handshake(packet);
		else this.#segment(packet);
	}

	#reset(packet: TcpPacket): void {
		if (this.#state === "syn-sent" && packet.ack !== this.#send.next) return;
		const refused = this.#state === "syn-sent";
		const ended = this.#send.isFinSent && this.#receive.isFinished;
		this.#close(
			ended ? null : this.#error(refused ? "ECONNREFUSED" : "ECONNRESET", refused ? "connect" : "read"),
		);
	}

	#handshake(packet: TcpPacket): void {
		if (!packet.syn) return;
		this.#receive.next = packet.seq + 1;
		this.#send.window = packet.window;
		if (packet.ack === null) {
			this.#state = "syn-received";
			const syn = this.#send.first;
			if (syn !== undefined) this.#transmit(syn);
			return;
		}
		if (!this.#send.acknowledge(packet.ack)) return;
		this.#establish();
		this.#acknowledge();
	}

	#segment(packet: TcpPacket): void {
		if (packet.ack !== null) this.#acknowledged(packet.ack, packet.window);
		if (this.#state === "closed") return;
		const occupies = packet.data.length > 0 || packet.fin || packet.syn;
		// Bytes that no one can read are refused; a repeat of bytes taken before is only acknowledged again.
		const fresh = packet.data.length > 0 && packet.seq + packet.data.length > (this.#receive.next ?? 0);
		if (this.#user === null && fresh) {
			this.abort();
			return;
		}
		if (!packet.syn) this.#receive.accept(packet);
		if (occupies) this.#acknowledge();
		if (occupies) this.#user?.readable();
		this.#endIfDone();
	}

	#acknowledged(ack: number, window: number): void {
		const fresh = this.#send.acknowledge(ack);
		// An older one that was overtaken says nothing new.
		const current = ack === this.#send.acknowledged;
		const opened = current && !fresh && this.#send.window < TCP_SEGMENT && window >= TCP_SEGMENT;
		if (current) this.#send.window = window;
		this.#timer.answered();
		if (this.#state === "syn-received" && fresh) this.#establish();
		if (fresh) this.#timer.restart(this.#send.first !== undefined);
		// What the closed window had no room for was thrown away.
		if (opened && this.#send.first !== undefined) this.#transmit(this.#send.first);
		this.#pump();
		this.#lingerIfAlone();
		if (fresh && !this.#send.isFull) this.#user?.writable();
	}

	#establish(): void {
		this.#state = "established";
		this.#timer.measured(this.#parts.clock.now() - this.#synAt);
		this.#timer.restart(this.#send.first !== undefined);
		this.#user?.connected();
		this.#pump();
	}

	#pump(): void {
		if (this.#state !== "established") return;
		for (let part = this.#send.take(); part !== null; part = this.#send.take()) this.#transmit(part);
		if (this.#send.hasWaiting) this.#timer.start();
	}

	#transmit({ seq, syn, fin, data }: Outstanding): void {
		this.#output({ seq, syn, fin, data });
		this.#timer.start();
	}

	#acknowledge(): void {
		if (this.#state !== "closed") this.#output({ seq: this.#send.next });
	}

	#output(part: Partial<TcpPacket> & { readonly seq: number }): void {
		this.#announced = this.#receive.window;
		this.#parts.output({
			proto: "tcp",
			af: this.#parts.af,
			src: this.local.ip,
			srcPort: this.local.port,
			dst: this.remote.ip,
			dstPort: this.remote.port,
			ttl: DEFAULT_TTL,
			syn: false,
			fin: false,
			rst: false,
			ack: this.#receive.next,
			window: this.#announced,
			data: new Uint8Array(0),
			...part,
		});
	}

	/** Nothing came back in time: the oldest segment again, or a byte more than the closed window takes. */
	#repeat(): void {
		const oldest = this.#send.first ?? this.#send.take(true);
		if (oldest === null || this.#state === "closed") return;
		const opening = this.#state !== "established";
		if (this.#timer.repeats > (opening ? TCP_SYN_RETRIES : TCP_RETRIES)) {
			this.#close(this.#error("ETIMEDOUT", opening ? "connect" : "read"));
			return;
		}
		this.#transmit(oldest);
	}

	#endIfDone(): void {
		if (this.#send.isFinished && this.#receive.isFinished) this.#close(null);
	}

	#close(error: SystemError | null): void {
		if (this.#state === "closed") return;
		this.#state = "closed";
		this.#timer.stop();
		this.#parts.clock.clearTimeout(this.#lingering);
		this.#parts.done();
		this.#user?.closed(error);
	}

	#error(code: "ECONNREFUSED" | "ECONNRESET" | "ETIMEDOUT", syscall: string): SystemError {
		return new SystemError(code, syscall, this.remote.ip, this.remote.port);
	}
}
