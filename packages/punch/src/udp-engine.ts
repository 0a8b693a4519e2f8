import { type Endpoint, endpointText } from "@p2pd/net";
import {
	CONGESTION_PAUSE,
	LOW_TTL_REPEAT,
	MAX_PATHS,
	PROBE_FIRST,
	PROBE_MAX,
	SCAN_BURST,
	SCAN_FROM,
	SCAN_MS,
	SCAN_TO,
} from "./defaults.js";
import type { PacketKind, Packets } from "./packet.js";
import type { Aim } from "./targets.js";

/** A datagram to send. */
export interface UdpSend {
	/** Index of the socket. */
	readonly socket: number;
	readonly to: Endpoint;
	readonly data: Uint8Array;
	/** It has only to leave the own NAT. */
	readonly lowTtl: boolean;
	/** The port is a guess and counts against the budget. */
	readonly guess: boolean;
}

/** The path that both sides have agreed on. */
export interface UdpPath {
	readonly socket: number;
	readonly remote: Endpoint;
	readonly path: "lan" | "external";
}

/** What the engine wants done now, and when it wants to be asked again (Infinity: not before a datagram comes). */
export interface UdpStep {
	readonly sends: readonly UdpSend[];
	readonly wakeAt: number;
	readonly done: UdpPath | null;
}

/** What an engine is made of. */
export interface UdpEngineParts {
	readonly role: "leader" | "follower";
	readonly aim: Aim;
	/** When to begin. */
	readonly at: number;
	readonly packets: Packets;
	/** How many guesses may be sent, where ports have to be guessed. */
	readonly probes: number;
	/**
	 * How each path begins. `normal`: with a probe. `low-ttl`: with a packet that only opens the own NAT, and a probe soon
	 * after. `low-ttl-only`: with such a packet, and no probe before the peer is heard.
	 */
	readonly opening: "normal" | "low-ttl" | "low-ttl-only";
	/** A whole number from 0 to `below` - 1. */
	readonly pick: (below: number) => number;
}

interface Path extends UdpPath {
	heard: boolean;
	picked: boolean;
	/** Whether anything was sent on it. */
	opened: boolean;
	next: number;
	wait: number;
}

/**
 * One round of a UDP punch: sends probes along every path, and agrees with the peer on one that works both ways.
 *
 * ```
 *   leader                        follower
 *     | <--------- probe ---------- |   many paths, from both sides, until one gets through
 *     | ---------- pick ----------> |   "I hear you": the follower is done
 *     | <--------- picked --------- |   "I hear you too": the leader is done
 * ```
 *
 * The leader offers every path on which it hears the follower, the first one first. The follower takes the first that
 * reaches it and says so on that path alone, so both end with the same one. Packets without the punch's token do
 * nothing. It has no socket and no clock.
 */
export class UdpEngine {
	readonly #parts: UdpEngineParts;
	readonly #paths = new Map<string, Path>();
	readonly #guesses: PortGuesses | null;
	readonly #scanIp: string | null;
	#nextGuess: number;
	#heardAt: number | null = null;
	#done: UdpPath | null = null;

	constructor(parts: UdpEngineParts) {
		this.#parts = parts;
		const { aim, at, probes, pick } = parts;
		this.#scanIp = aim.scan;
		this.#guesses = aim.scan === null ? null : new PortGuesses(pick, probes);
		this.#nextGuess = aim.scan === null ? Number.POSITIVE_INFINITY : at;
		for (const { socket, to, after, path } of aim.targets) this.#path(socket, to, path, at + after);
	}

	/** When the peer was first heard. */
	get heardAt(): number | null {
		return this.#heardAt;
	}

	/** A datagram came to a socket. @returns whether it was the peer's */
	receive(socket: number, data: Uint8Array, from: Endpoint, now: number): boolean {
		const kind = this.#parts.packets.read(data);
		if (kind === null) return false;
		const path = this.#path(socket, from, "external", now);
		if (path === null || this.#done !== null) return true;
		this.#heardAt ??= now;
		const fresh = !path.heard;
		path.heard = true;
		const { role } = this.#parts;
		if (role === "follower" && kind === "pick") this.#finish(path);
		else if (role === "leader" && kind === "picked" && path.picked) this.#finish(path);
		else if (fresh) {
			path.next = now;
			path.wait = PROBE_FIRST;
		}
		return true;
	}

	/** The system could not send for lack of buffers: guesses pause, and one that was lost is made again. */
	congested(guess: number | null, now: number): void {
		if (guess !== null) this.#guesses?.again(guess);
		if (this.#scanIp !== null && this.#heardAt === null) this.#nextGuess = now + CONGESTION_PAUSE;
	}

	/** Whether nothing is left to send. */
	get isSpent(): boolean {
		return this.#scanIp !== null && this.#paths.size === 0 && this.#nextGuess === Number.POSITIVE_INFINITY;
	}

	poll(now: number): UdpStep {
		const sends: UdpSend[] = [];
		if (this.#done !== null) {
			const sent: PacketKind | null = this.#parts.role === "follower" ? "picked" : null;
			if (sent !== null) sends.push(this.#send(this.#done, sent));
			return { sends, wakeAt: Number.POSITIVE_INFINITY, done: this.#done };
		}
		let wakeAt = Number.POSITIVE_INFINITY;
		for (const path of this.#paths.values()) {
			if (path.next <= now) sends.push(this.#probe(path, now));
			wakeAt = Math.min(wakeAt, path.next);
		}
		this.#guess(now, sends);
		return { sends, wakeAt: Math.min(wakeAt, this.#nextGuess), done: null };
	}

	#probe(path: Path, now: number): UdpSend {
		path.next = now + path.wait;
		path.wait = Math.min(path.wait * 2, PROBE_MAX);
		// One of hundreds: its packet has opened the NAT, and repeats would only be noise.
		const { opening } = this.#parts;
		if (opening === "low-ttl-only" && !path.heard) path.next = now + LOW_TTL_REPEAT;
		const lowTtl = !path.heard && (opening === "low-ttl-only" || (opening === "low-ttl" && !path.opened));
		path.opened = true;
		path.picked ||= path.heard && this.#parts.role === "leader";
		return { ...this.#send(path, path.picked ? "pick" : "probe"), lowTtl };
	}

	#guess(now: number, sends: UdpSend[]): void {
		if (this.#guesses === null || this.#scanIp === null || now < this.#nextGuess) return;
		for (let i = 0; i < SCAN_BURST; i++) {
			const port = this.#heardAt === null ? this.#guesses.next() : null;
			if (port === null) {
				this.#nextGuess = Number.POSITIVE_INFINITY;
				return;
			}
			sends.push({ ...this.#send({ socket: 0, remote: { ip: this.#scanIp, port } }, "probe"), guess: true });
		}
		this.#nextGuess = now + SCAN_MS;
	}

	#finish({ socket, remote, path }: Path): void {
		this.#done = { socket, remote, path };
	}

	#send({ socket, remote }: Pick<UdpPath, "socket" | "remote">, kind: PacketKind): UdpSend {
		return { socket, to: remote, data: this.#parts.packets.make(kind), lowTtl: false, guess: false };
	}

	/** The path from a socket to an endpoint; null if the peer has come from too many. */
	#path(socket: number, remote: Endpoint, path: "lan" | "external", at: number): Path | null {
		const key = `${socket} ${endpointText(remote)}`;
		const known = this.#paths.get(key);
		if (known !== undefined) return known;
		if (this.#paths.size >= MAX_PATHS + this.#parts.aim.targets.length) return null;
		const wait = PROBE_FIRST;
		const made = { socket, remote, path, heard: false, picked: false, opened: false, next: at, wait };
		this.#paths.set(key, made);
		return made;
	}
}

/** Ports in random order without repeats (a shuffle that is made as far as it is used). */
class PortGuesses {
	readonly #pick: (below: number) => number;
	readonly #moved = new Map<number, number>();
	readonly #again: number[] = [];
	#left: number;
	#size = SCAN_TO - SCAN_FROM + 1;

	constructor(pick: (below: number) => number, budget: number) {
		this.#pick = pick;
		this.#left = Math.min(budget, this.#size);
	}

	/** Gives a port back that was not tried. */
	again(port: number): void {
		this.#again.push(port);
	}

	next(): number | null {
		const again = this.#again.pop();
		if (again !== undefined) return again;
		if (this.#left === 0) return null;
		this.#left -= 1;
		const at = this.#pick(this.#size);
		this.#size -= 1;
		const port = this.#moved.get(at) ?? at;
		this.#moved.set(at, this.#moved.get(this.#size) ?? this.#size);
		return SCAN_FROM + port;
	}
}
