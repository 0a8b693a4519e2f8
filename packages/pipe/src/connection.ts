import { DeadlineTimer } from "@p2pd/net";
import { bytesOf } from "./check.js";
import { PAUSE_BYTES, UDP_PAYLOAD } from "./defaults.js";
import { type Counters, Delivery, type DeliveryHost, newCounters } from "./delivery.js";
import {
	PipeClosedError,
	PipeDestinationError,
	PipeOptionError,
	PipeSendQueueError,
	PipeTooLongError,
} from "./errors.js";
import { Lifecycle, type LifecycleOwner, type PipeInit } from "./lifecycle.js";
import { familyOf, parsePeer, peerText, withZone } from "./peer.js";
import { endRelays, unlink } from "./relay.js";
import type { Settings } from "./settings.js";
import type { Subscription } from "./subscription/subscription.js";
import { sendCost } from "./transport/pending-sends.js";
import type { Transport, TransportSink } from "./transport/types.js";
import type { Pipe, PipeData, PipeEndReason, PipeMessage, PipePeer, PipeRecvOptions } from "./types.js";

/** Joins a transport, the delivery of its messages, and the life of the pipe: everything but a TCP server. */
export class Connection implements TransportSink, DeliveryHost, LifecycleOwner {
	readonly pipe: Pipe;
	readonly settings: Settings;
	readonly counters: Counters = newCounters();
	readonly life: Lifecycle;
	readonly deadline: DeadlineTimer;
	readonly transport: Transport;
	readonly delivery: Delivery;
	/** Whether reading can wait for its consumers. */
	readonly lossless: boolean;
	readonly #pauseBytes: number;
	#paused = false;
	/** Whether a stream wants to go on sending after the peer has finished. */
	#halfOpen: boolean;
	/** Whether everything that the peer sent before it finished has been handed out. */
	#drained = false;
	/** Whether this side has finished sending. */
	#finished = false;
	#finishing: Promise<void> | null = null;

	/** @param pipe what callbacks get */
	constructor(pipe: Pipe, init: PipeInit, transport: Transport) {
		const { settings } = init;
		this.pipe = pipe;
		this.settings = settings;
		this.transport = transport;
		this.lossless = init.protocol === "tcp";
		this.#halfOpen = settings.halfOpen;
		this.#pauseBytes = pauseBytesOf(init);
		this.deadline = new DeadlineTimer(settings.clock, this);
		this.life = new Lifecycle(init, this);
		this.delivery = new Delivery(this, this.life.messages);
		transport.start(this);
	}

	get remote(): PipePeer | null {
		return this.transport.remote;
	}

	get lostError(): Error | null {
		return this.transport.lostError;
	}

	/** The pipe is ready: calls its connect callbacks, and reads if something wants messages already. */
	opened(): void {
		if (!this.life.open()) return;
		if (this.lossless) this.life.connects.call(null, this.remote, this.pipe);
		this.delivery.update();
	}

	/** From now on the pipe stays open when its peer finishes, until this side finishes too. */
	keepHalfOpen(): void {
		this.#halfOpen = true;
	}

	/** Checks a message and sends it. Rejects as `Pipe.send` does. The cheapest checks come first. */
	send(message: PipeData, dest: PipePeer | undefined): Promise<void> {
		if (this.life.state !== "open" || this.#finishing !== null) {
			return Promise.reject(new PipeClosedError(this.life.reason ?? { kind: "local", error: null }));
		}
		const { counters, settings, transport } = this;
		try {
			let bytes = bytesOf(message);
			const to = dest === undefined ? transport.remote : this.#destination(dest);
			if (to === null) {
				throw new PipeDestinationError("a UDP server's send needs a destination: send(data, [ip, port])");
			}
			if (!this.lossless) {
				const limit = UDP_PAYLOAD[familyOf(to[0])];
				if (bytes.length > limit) throw new PipeTooLongError(bytes.length, limit);
			} else if (settings.framing !== null) {
				bytes = settings.framing.encode(bytes);
			}
			const { backlog } = transport;
			if (backlog > 0 && backlog + sendCost(bytes.length) > settings.sendBytes) {
				throw new PipeSendQueueError(backlog, settings.sendBytes);
			}
			counters.messagesOut++;
			counters.bytesOut += bytes.length;
			const sent = transport.send(bytes, to);
			if (!this.#paused && transport.backlog >= this.#pauseBytes) this.#pause();
			return sent;
		} catch (error) {
			return Promise.reject(error);
		}
	}

	/** The next message of a subscription, or null after the timeout. Rejects as `Pipe.recv` does. */
	receive(
		subscription: Subscription,
		{ full = false, signal, timeout = 0 }: PipeRecvOptions,
	): Promise<Buffer | PipeMessage | null> {
		if (signal?.aborted) return Promise.reject(signal.reason);
		const queued = subscription.take();
		if (queued !== undefined) return Promise.resolve(full ? queued : queued[1]);
		const refusal = subscription.refusal();
		if (refusal !== null) return Promise.reject(refusal);
		const deadline = this.deadline.add(timeout === 0 ? this.settings.recvTimeout : timeout);
		return subscription.wait(deadline, full, signal);
	}

	/** Finishes sending. Once the peer has finished too, the pipe closes. Finishing again waits for the same. */
	finish(): Promise<void> {
		const { reason } = this.life;
		if (reason !== null) return Promise.reject(new PipeClosedError(reason));
		this.#finishing ??= this.#finish();
		return this.#finishing;
	}

	chunk(data: Buffer, peer: PipePeer): void {
		if (this.life.state === "open") this.delivery.chunk(data, peer);
	}

	foreign(): void {
		this.counters.foreign++;
	}

	relieved(): void {
		this.#paused = false;
		if (this.life.state === "open") this.delivery.resume();
	}

	ended(): void {
		if (this.life.state === "open") this.delivery.finish();
	}

	drained(): void {
		this.#drained = true;
		const relayed = endRelays(this.pipe);
		const reason: PipeEndReason = { kind: "remote", error: null };
		if (this.#finished || !(this.#halfOpen || relayed)) {
			this.life.closeReported(reason, this.settings.linger, true);
		} else {
			this.delivery.end(reason);
		}
	}

	broken(error: Error): void {
		this.life.closeReported({ kind: "error", error }, 0);
	}

	closed(error: Error | null): void {
		const orderly: PipeEndReason = { kind: this.#drained ? "remote" : "local", error: null };
		this.life.closeReported(error === null ? orderly : { kind: "error", error });
	}

	read(on: boolean): void {
		if (this.life.state === "open") this.transport.read(on);
	}

	report(error: Error): void {
		this.life.report(error);
	}

	expire(now: number): number {
		return this.delivery.expire(now);
	}

	letGo(reason: PipeEndReason): void {
		unlink(this.pipe);
		this.delivery.end(reason);
		this.deadline.clear();
	}

	shut(linger: number, patient: boolean): Promise<void> {
		return this.transport.close(linger, patient);
	}

	#pause(): void {
		this.#paused = true;
		this.transport.notifyBelow(this.#pauseBytes / 2);
		this.delivery.pause(this.remote === null ? "unknown" : peerText(this.remote));
	}

	async #finish(): Promise<void> {
		await this.transport.end();
		this.#finished = true;
		if (this.#drained) await this.life.close({ kind: "remote", error: null });
	}

	#destination(dest: PipePeer): PipePeer {
		const { fixed, lastPeer, local, remote } = this.transport;
		// The object that came with the last message is in canonical form already.
		const known = dest === lastPeer;
		const [ip, port] = known ? dest : parsePeer(dest, "dest");
		if (port === 0) throw new PipeDestinationError(`${peerText(dest)} cannot be answered: its port is 0`);
		if (known) return dest;
		const to: PipePeer = [withZone(ip, this.life.init.nic), port];
		if (fixed && (remote === null || to[0] !== remote[0] || to[1] !== remote[1])) {
			const peer = remote === null ? "unknown" : peerText(remote);
			throw new PipeDestinationError(`a connected pipe sends only to ${peer}, not to ${peerText(to)}`);
		}
		if (familyOf(to[0]) !== familyOf(local[0])) {
			throw new PipeDestinationError(`${peerText(to)} and this pipe's ${local[0]} are of different families`);
		}
		return to;
	}
}

/** Backlog at which reading pauses. Only a server's connections pause by default: two peers that both wait would block. */
function pauseBytesOf({ protocol, role, settings }: PipeInit): number {
	if (protocol === "udp") return Number.POSITIVE_INFINITY;
	if (settings.pauseBytes !== null) return settings.pauseBytes;
	return role === "accepted" ? Math.min(PAUSE_BYTES, settings.sendBytes / 2) : Number.POSITIVE_INFINITY;
}

/** The subscription that a `recv` reads. @throws PipeNotSubscribedError, PipeOptionError */
export function readableSubscription(delivery: Delivery, { sub = null }: PipeRecvOptions): Subscription {
	const subscription = delivery.get(sub);
	if (subscription.handler !== null) {
		throw new PipeOptionError("sub", `${subscription.name} has a handler, which takes its messages`);
	}
	return subscription;
}
