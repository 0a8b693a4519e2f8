import type { Endpoint, Family, RandomBytes } from "@p2pd/net";
import { ipBytes } from "../codec/attributes.js";
import {
	channelHeader,
	channelOf,
	channelPayload,
	paddingOf,
	readDataIndication,
	sendHeader,
} from "../codec/data.js";
import type { AllocationEvent } from "../core/allocation-core.js";
import { CHANNEL_AFTER, MAX_PEERS, MAX_WAITING, MAX_WAITING_BYTES } from "../defaults.js";
import type { SendCallback } from "../link/types.js";
import type { Allocation, AllocationListener } from "./allocation.js";

/** Takes the datagrams of one family, and what goes wrong. */
export interface DatagramReceiver {
	message(data: Buffer, from: Endpoint): void;
	/** A peer that was permitted is refused now: nothing of it will come. */
	refused(error: Error): void;
	/** The allocation is gone. */
	lost(error: Error): void;
}

/** Whom datagrams are sent to. */
class Peer implements Endpoint {
	readonly ip: string;
	readonly port: number;
	readonly address: Uint8Array;
	/** Whether its permission was granted. */
	permitted = false;
	/** Its channel while it is bound; 0 otherwise. */
	channel = 0;
	/** Datagrams in both directions. */
	traffic = 0;
	/** Datagrams sent since it had no channel. */
	sends = 0;
	/** Had a channel once: what the server sent on it may still arrive. */
	numbered = false;

	constructor(ip: string, port: number) {
		this.ip = ip;
		this.port = port;
		this.address = ipBytes(ip);
	}
}

interface Waiting {
	readonly data: Uint8Array;
	readonly callback: SendCallback | null;
}

/** Ids of 12 random bytes, made many at a time. */
const IDS_AT_ONCE = 256;

/**
 * The data path of an allocation: datagrams to peers by Send indications, and by a channel once a peer is busy; and
 * datagrams from peers to the receiver of their family. What is sent before the peer's permission waits for it.
 */
export class Datagrams implements AllocationListener {
	readonly #allocation: Allocation;
	readonly #random: RandomBytes;
	readonly #channelsAllowed: boolean;
	readonly #reliable: boolean;
	readonly #peers = new Map<string, Map<number, Peer>>();
	readonly #byChannel = new Map<number, Peer>();
	readonly #waiting = new Map<Peer, Waiting[]>();
	readonly #receivers = new Map<Family, DatagramReceiver>();
	#waitingCount = 0;
	#waitingBytes = 0;
	#peerCount = 0;
	#ids: Uint8Array = new Uint8Array(0);
	#nextId = 0;
	/** Most datagrams go to the same peer as the last. */
	#last: Peer | null = null;

	constructor(allocation: Allocation, random: RandomBytes) {
		this.#allocation = allocation;
		this.#random = random;
		// A channel cannot say that a datagram must not be fragmented (RFC 8656 section 14).
		this.#channelsAllowed = !allocation.plan.dontFragment;
		this.#reliable = allocation.link.reliable;
		allocation.listen(this);
	}

	/** Datagrams and bytes that wait for a permission. */
	get waiting(): { readonly count: number; readonly bytes: number } {
		return { count: this.#waitingCount, bytes: this.#waitingBytes };
	}

	attach(af: Family, receiver: DatagramReceiver): void {
		this.#receivers.set(af, receiver);
	}

	detach(af: Family): void {
		this.#receivers.delete(af);
		for (const [peer, waiting] of this.#waiting) {
			if (familyOf(peer.ip) === af) this.#forget(peer, waiting);
		}
	}

	/** Sends a datagram to a peer, whose IP is in canonical text. The data is not copied and must not change. */
	send(data: Uint8Array, ip: string, port: number, callback: SendCallback | null): void {
		let peer = this.#last;
		if (peer === null || peer.port !== port || peer.ip !== ip) {
			peer = this.#peer(ip, port);
			this.#last = peer;
		}
		if (peer.permitted) this.#send(peer, data, callback);
		else this.#wait(peer, data, callback);
	}

	data(packet: Buffer): void {
		const channel = channelOf(packet);
		if (channel !== 0) {
			const peer = this.#byChannel.get(channel);
			if (peer === undefined) return;
			peer.traffic++;
			this.#receivers.get(familyOf(peer.ip))?.message(channelPayload(packet), peer);
			return;
		}
		const indication = readDataIndication(packet);
		// What was not permitted cannot come from the server (RFC 8656 section 11.4).
		if (indication === null || !this.#allocation.permits(indication.from.ip)) return;
		const { data, from } = indication;
		const known = this.#peers.get(from.ip)?.get(from.port);
		if (known !== undefined) known.traffic++;
		this.#receivers.get(familyOf(from.ip))?.message(data, from);
	}

	event(event: AllocationEvent): void {
		switch (event.kind) {
			case "permitted":
				for (const peer of this.#peers.get(event.ip)?.values() ?? []) {
					peer.permitted = true;
					this.#flush(peer);
				}
				return;
			case "refused":
			case "dropped":
				for (const peer of this.#peers.get(event.ip)?.values() ?? []) peer.permitted = false;
				if (event.kind === "refused") {
					this.#fail(event.ip, event.error);
					if (event.granted) this.#receivers.get(familyOf(event.ip))?.refused(event.error);
				}
				return;
			case "bound": {
				const peer = this.#peer(event.peer.ip, event.peer.port);
				peer.channel = event.channel;
				peer.numbered = true;
				this.#byChannel.set(event.channel, peer);
				return;
			}
			case "unbound": {
				// What the server sent on it before may still arrive, so its number is remembered.
				const peer = this.#byChannel.get(event.channel);
				if (peer === undefined) return;
				peer.channel = 0;
				peer.sends = 0;
				return;
			}
			case "lost":
				for (const [peer] of this.#waiting) this.#fail(peer.ip, event.error);
				for (const receiver of [...this.#receivers.values()]) receiver.lost(event.error);
		}
	}

	#send(peer: Peer, data: Uint8Array, callback: SendCallback | null): void {
		const { link } = this.#allocation;
		const { length } = data;
		peer.traffic++;
		if (peer.channel !== 0) {
			// Over UDP a datagram needs no padding (RFC 8656 section 12.5).
			const padding = this.#reliable ? paddingOf(length) : 0;
			link.sendData(channelHeader(peer.channel, length), data, padding, callback);
			return;
		}
		const header = sendHeader(
			peer.address,
			peer.port,
			length,
			this.#id(),
			this.#allocation.plan.dontFragment,
		);
		link.sendData(header, data, paddingOf(length), callback);
		peer.sends++;
		if (peer.sends % CHANNEL_AFTER === 0 && this.#channelsAllowed) this.#allocation.bindChannel(peer, peer);
	}

	#wait(peer: Peer, data: Uint8Array, callback: SendCallback | null): void {
		const queue = this.#waiting.get(peer);
		if (this.#waitingCount >= MAX_WAITING || this.#waitingBytes + data.length > MAX_WAITING_BYTES) {
			if (callback !== null) process.nextTick(callback, systemError("ENOBUFS"));
			return;
		}
		this.#waitingCount++;
		this.#waitingBytes += data.length;
		if (queue !== undefined) {
			queue.push({ data, callback });
			return;
		}
		this.#waiting.set(peer, [{ data, callback }]);
		this.#allocation.permit(peer.ip, false).then(
			() => {
				peer.permitted = true;
				this.#flush(peer);
			},
			(error: Error) => this.#fail(peer.ip, error),
		);
	}

	#flush(peer: Peer): void {
		const waiting = this.#waiting.get(peer);
		if (waiting === undefined) return;
		this.#forget(peer, waiting);
		for (const { data, callback } of waiting) this.#send(peer, data, callback);
	}

	#fail(ip: string, error: Error): void {
		for (const peer of this.#peers.get(ip)?.values() ?? []) {
			const waiting = this.#waiting.get(peer);
			if (waiting === undefined) continue;
			this.#forget(peer, waiting);
			for (const { callback } of waiting) callback?.(error);
		}
	}

	#forget(peer: Peer, waiting: readonly Waiting[]): void {
		this.#waiting.delete(peer);
		this.#waitingCount -= waiting.length;
		for (const { data } of waiting) this.#waitingBytes -= data.length;
	}

	#peer(ip: string, port: number): Peer {
		let ofIp = this.#peers.get(ip);
		const known = ofIp?.get(port);
		if (known !== undefined) return known;
		if (this.#peerCount >= MAX_PEERS) this.#makeRoom();
		// The map of this address may have been emptied and dropped just now.
		ofIp = this.#peers.get(ip);
		if (ofIp === undefined) {
			ofIp = new Map();
			this.#peers.set(ip, ofIp);
		}
		const peer = new Peer(ip, port);
		peer.permitted = this.#allocation.permits(ip);
		ofIp.set(port, peer);
		this.#peerCount++;
		return peer;
	}

	/** Forgets a peer that never had a channel: the first that was met. It is remembered anew when it is sent to. */
	#makeRoom(): void {
		for (const [ip, ofIp] of this.#peers) {
			for (const [port, peer] of ofIp) {
				if (peer.numbered || this.#waiting.has(peer)) continue;
				ofIp.delete(port);
				if (ofIp.size === 0) this.#peers.delete(ip);
				this.#peerCount--;
				if (this.#last === peer) this.#last = null;
				return;
			}
		}
	}

	#id(): Uint8Array {
		if (this.#nextId + 12 > this.#ids.length) {
			this.#ids = this.#random(12 * IDS_AT_ONCE);
			this.#nextId = 0;
		}
		const id = this.#ids.subarray(this.#nextId, this.#nextId + 12);
		this.#nextId += 12;
		return id;
	}
}

const familyOf = (ip: string): Family => (ip.includes(":") ? 6 : 4);

/** An error as the system's calls give it. */
export function systemError(code: string, syscall = "send"): Error {
	return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}
