import type { Socket } from "node:dgram";
import { type Endpoint, sleep, withDeadline } from "@p2pd/net";
import {
	BATCH,
	BATCH_MS,
	BIND_TRIES,
	LOCAL_FROM,
	LOCAL_TO,
	LOW_TTL,
	LOW_TTL_RETRY,
	MAX_LAN,
	NORMAL_TTL,
	OBSERVE_MS,
	OBSERVE_TRIES,
	ROUND_MS,
} from "./defaults.js";
import { Failures } from "./failures.js";
import type { BirthdayGate } from "./gate.js";
import type { Offer } from "./message.js";
import type { Packets } from "./packet.js";
import { predictPorts } from "./ports.js";
import {
	manyListeners,
	PrepareError,
	type Puncher,
	type PuncherContext,
	type RoundRequest,
	type RoundStart,
	type RoundState,
} from "./puncher.js";
import { aimAt } from "./targets.js";
import type { PunchUdpDeps } from "./types.js";
import { UdpEngine, type UdpSend } from "./udp-engine.js";

/** A socket of a round. */
interface Entry {
	readonly socket: Socket;
	readonly port: number;
	low: boolean;
	readonly onMessage: (data: Buffer, from: { readonly address: string; readonly port: number }) => void;
	readonly onError: (error: Error) => void;
}

/** A socket that has reached the peer, before it is handed over. */
export interface UdpWinner {
	readonly socket: Socket;
	readonly remote: Endpoint;
	readonly packets: Packets;
	readonly role: "leader" | "follower";
}

/** What a UDP puncher is made of. */
export interface UdpPuncherParts extends PuncherContext {
	readonly sockets: PunchUdpDeps["sockets"];
	readonly observe: PunchUdpDeps["observe"];
	readonly gate: BirthdayGate;
	readonly probes: number;
	/** Prepares a socket for its new owner. @returns ms between keep-alive datagrams, or null for none */
	readonly handOver: (winner: UdpWinner) => number | null;
}

/** Errors that say that the process or the system has no more of something. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];

/** The sockets of UDP rounds. */
export class UdpPuncher implements Puncher<Socket> {
	readonly #failures = new Failures();
	readonly #parts: UdpPuncherParts;
	/** Every socket that is open, those of a round that is still being prepared included. */
	readonly #open = new Set<Entry>();
	#entries: readonly Entry[] = [];
	/** Aborted when the round is over, or another one is prepared. */
	#round = manyListeners();
	#engine: UdpEngine | null = null;
	#packets: Packets | null = null;
	#role: "leader" | "follower" = "leader";
	#leave: (() => void) | null = null;
	#sent = 0;
	#guesses = 0;
	#heardAt: number | null = null;

	constructor(parts: UdpPuncherParts) {
		this.#parts = parts;
	}

	get sent(): number {
		return this.#sent;
	}

	get guesses(): number {
		return this.#guesses;
	}

	get heardAt(): number | null {
		return this.#heardAt;
	}

	get failures(): ReadonlyMap<string, number> {
		return this.#failures.counts;
	}

	async prepare({ side, kind, birthday }: RoundRequest): Promise<Offer> {
		this.#closeSockets();
		const round = this.#round.signal;
		if (birthday && this.#leave === null) {
			this.#leave = await this.#parts.gate.enter(side.targets === "scan" ? "scan" : "sockets", round);
		}
		const predict = side.observe === "predict";
		const opened = await this.#openAll(
			{
				count: side.sockets + (predict ? 1 : 0),
				consecutive: predict && kind.delta === 5,
			},
			round,
		);
		const [first, ...rest] = opened;
		const seen = first === undefined ? null : await this.#observe(first, round);
		round.throwIfAborted();
		if (predict) {
			if (first !== undefined) this.#close(first);
			this.#entries = rest;
			if (seen === null || first === undefined)
				throw new PrepareError("no-observation", "no STUN server answered");
			const locals = rest.map(({ port }) => port);
			const mapping = { local: first.port, external: seen.port };
			return this.#offer(kind, seen.ip, predictPorts(kind, mapping, locals, side.announce));
		}
		this.#entries = opened;
		const { localIp } = this.#parts.sockets;
		const untranslated = kind.type === 1 || kind.type === 2;
		if (seen !== null) return this.#offer(kind, seen.ip, [seen.port]);
		if (untranslated && !isAny(localIp)) return this.#offer(kind, localIp, [first?.port ?? 0]);
		throw new PrepareError("no-observation", "no STUN server answered");
	}

	start({ round, role, side, ours, theirs, at, packets }: RoundStart): void {
		const { pick, probes } = this.#parts;
		this.#packets = packets;
		this.#role = role;
		this.#engine = new UdpEngine({
			role,
			aim: aimAt({ ...side, sockets: this.#entries.length }, ours, theirs),
			at,
			packets,
			probes: probes - this.#guesses,
			opening: side.lowTtlFirst ? "low-ttl-only" : round > 0 ? "low-ttl" : "normal",
			pick,
		});
		if (!side.lowTtlFirst && round === 0) return;
		for (const entry of this.#entries) {
			entry.socket.setTTL(side.lowTtlFirst ? LOW_TTL : LOW_TTL_RETRY + round);
			entry.low = true;
		}
	}

	poll(now: number): RoundState<Socket> {
		const engine = this.#engine;
		if (engine === null) return { wakeAt: Number.POSITIVE_INFINITY, done: null, heard: false, spent: false };
		const { sends, wakeAt, done } = engine.poll(now);
		for (const send of sends) this.#send(send, now);
		this.#heardAt ??= engine.heardAt;
		const entry = done === null ? undefined : this.#entries[done.socket];
		// A path that works in one direction alone gets as long as a round: the next one may do better.
		const until = engine.heardAt === null ? Number.NEGATIVE_INFINITY : engine.heardAt + ROUND_MS;
		const heard = now < until;
		if (done === null || entry === undefined || this.#packets === null) {
			return { wakeAt: heard ? Math.min(wakeAt, until) : wakeAt, done: null, heard, spent: engine.isSpent };
		}
		this.#entries = [];
		this.#open.delete(entry);
		detach(entry);
		if (entry.low) entry.socket.setTTL(NORMAL_TTL);
		const { socket } = entry;
		const { address, port } = socket.address();
		const keepAlive = this.#parts.handOver({
			socket,
			remote: done.remote,
			packets: this.#packets,
			role: this.#role,
		});
		const result = { socket, local: { ip: address, port }, remote: done.remote, path: done.path, keepAlive };
		return { wakeAt, done: result, heard, spent: false };
	}

	close(): void {
		this.#closeSockets();
		this.#leave?.();
	}

	#offer(kind: Offer["kind"], ip: string, ports: readonly number[]): Offer {
		const port = this.#entries[0]?.port ?? 0;
		const lan = this.#parts.localIps.slice(0, MAX_LAN).map((each) => ({ ip: each, port }));
		return { kind, external: { ip, ports }, lan };
	}

	/** Opens sockets in batches, as many of them as the system allows. */
	async #openAll(
		{ count, consecutive }: { readonly count: number; readonly consecutive: boolean },
		signal: AbortSignal,
	): Promise<Entry[]> {
		if (consecutive) return this.#openConsecutive(count, signal);
		const opened: Entry[] = [];
		while (opened.length < count) {
			const size = Math.min(BATCH, count - opened.length);
			const batch = await Promise.all(Array.from({ length: size }, () => this.#openOne(0, signal)));
			const made = batch.filter((entry) => entry !== null);
			opened.push(...made);
			if (made.length < size) break;
			if (opened.length < count) await sleep(BATCH_MS, this.#parts.clock, signal);
		}
		if (opened.length === 0)
			throw new PrepareError("sockets", `no socket could be opened: ${this.#failures}`);
		return opened;
	}

	/** Opens sockets on local ports that follow one another. */
	async #openConsecutive(count: number, signal: AbortSignal): Promise<Entry[]> {
		for (let attempt = 0; attempt < BIND_TRIES; attempt++) {
			const base = LOCAL_FROM + this.#parts.pick(LOCAL_TO - LOCAL_FROM - count);
			const ports = Array.from({ length: count }, (_, i) => base + i);
			const batch = await Promise.all(ports.map((port) => this.#openOne(port, signal)));
			const opened = batch.filter((entry) => entry !== null);
			if (opened.length === count) return opened;
			for (const entry of opened) this.#close(entry);
		}
		throw new PrepareError("sockets", `no free ports in a row: ${this.#failures}`);
	}

	/** @returns null if the system refuses; the failure is counted */
	async #openOne(port: number, signal: AbortSignal): Promise<Entry | null> {
		let socket: Socket;
		try {
			socket = await this.#parts.sockets.udp({ port, signal });
		} catch (error) {
			signal.throwIfAborted();
			this.#failures.count(error);
			return null;
		}
		const entry: Entry = {
			socket,
			port: socket.address().port,
			low: false,
			onMessage: (data, { address, port: from }) => this.#receive(entry, data, { ip: address, port: from }),
			onError: (error) => this.#failures.count(error),
		};
		socket.on("message", entry.onMessage);
		socket.on("error", entry.onError);
		this.#open.add(entry);
		if (signal.aborted) {
			this.#close(entry);
			throw signal.reason;
		}
		return entry;
	}

	/** @returns null if no server answered, or the round is over */
	async #observe(entry: Entry, round: AbortSignal): Promise<Endpoint | null> {
		const { clock, observe } = this.#parts;
		const late = new PrepareError("no-observation", "the STUN servers took too long");
		for (let attempt = 0; attempt < OBSERVE_TRIES && !round.aborted; attempt++) {
			try {
				const deadline = { timeout: OBSERVE_MS, clock, signal: round, onTimeout: () => late };
				const seen = await withDeadline(deadline, (inner) => observe(entry.socket, inner));
				if (seen !== null) return seen;
			} catch (error) {
				if (!round.aborted) this.#failures.count(error);
			}
		}
		return null;
	}

	#receive(entry: Entry, data: Buffer, from: Endpoint): void {
		const index = this.#entries.indexOf(entry);
		if (index < 0 || this.#engine === null) return;
		if (this.#engine.receive(index, data, from, this.#parts.clock.now())) this.#parts.wake();
	}

	#send({ socket, to, data, lowTtl, guess }: UdpSend, now: number): void {
		const entry = this.#entries[socket];
		if (entry === undefined) return;
		const engine = this.#engine;
		this.#sent += 1;
		if (guess) this.#guesses += 1;
		const failed = (error: unknown): void => {
			const code = this.#failures.count(error);
			if (EXHAUSTED.includes(code)) engine?.congested(guess ? to.port : null, now);
		};
		try {
			if (entry.low && !lowTtl) {
				entry.socket.setTTL(NORMAL_TTL);
				entry.low = false;
			}
			entry.socket.send(data, to.port, to.ip, (error) => (error === null ? undefined : failed(error)));
		} catch (error) {
			failed(error);
		}
	}

	#closeSockets(): void {
		this.#round.abort();
		this.#round = manyListeners();
		for (const entry of this.#open) this.#close(entry);
		this.#entries = [];
		this.#engine = null;
	}

	/** The listener for errors stays: an error while it closes changes nothing. */
	#close(entry: Entry): void {
		this.#open.delete(entry);
		entry.socket.off("message", entry.onMessage);
		entry.socket.close();
	}
}

const isAny = (ip: string): boolean => ip === "0.0.0.0" || ip === "::";

function detach({ socket, onMessage, onError }: Entry): void {
	socket.off("message", onMessage);
	socket.off("error", onError);
}
