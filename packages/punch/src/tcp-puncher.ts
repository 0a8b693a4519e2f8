import type { Server, Socket } from "node:net";
import { type Endpoint, withDeadline } from "@p2pd/net";
import {
	BIND_TRIES,
	LOCAL_FROM,
	LOCAL_TO,
	LOW_TTL_RETRY,
	MAX_LAN,
	NORMAL_TTL,
	OBSERVE_MS,
	OBSERVE_TRIES,
} from "./defaults.js";
import { Failures } from "./failures.js";
import type { NatKind } from "./kind.js";
import type { Offer } from "./message.js";
import { PACKET_SIZE, type Packets } from "./packet.js";
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
import { type TcpAction, TcpEngine } from "./tcp-engine.js";
import type { PunchTcpDeps, TcpObservation } from "./types.js";

/** A local port that punches. */
interface Slot {
	readonly port: number;
	server: Server | null;
}

/** A connection that is open, with what stops this side from reading it. */
interface OpenConnection {
	readonly socket: Socket;
	readonly detach: () => void;
}

/** What a TCP puncher is made of. */
export interface TcpPuncherParts extends PuncherContext {
	readonly sockets: PunchTcpDeps["sockets"];
	readonly observe: PunchTcpDeps["observe"];
}

/** The sockets of TCP rounds. */
export class TcpPuncher implements Puncher<Socket> {
	/** TCP guesses no ports. */
	readonly guesses = 0;
	readonly #parts: TcpPuncherParts;
	readonly #failures = new Failures();
	/** STUN connections, which keep mappings open. */
	readonly #observations = new Set<TcpObservation>();
	readonly #connections = new Map<number, OpenConnection>();
	/** Connections being made. */
	readonly #pending = new Map<number, AbortController>();
	#slots: Slot[] = [];
	#engine: TcpEngine | null = null;
	#packets: Packets | null = null;
	/** Aborted when the round is over. */
	#round = manyListeners();
	#ttl = NORMAL_TTL;
	#listenerNeeded = false;
	#sent = 0;
	#heardAt: number | null = null;

	constructor(parts: TcpPuncherParts) {
		this.#parts = parts;
	}

	get sent(): number {
		return this.#sent;
	}

	get heardAt(): number | null {
		return this.#heardAt;
	}

	get failures(): ReadonlyMap<string, number> {
		return this.#failures.counts;
	}

	async prepare({ side, kind }: RoundRequest): Promise<Offer> {
		this.#closeRound();
		const round = this.#round.signal;
		const predict = side.observe === "predict";
		const seen = await this.#observe(round);
		round.throwIfAborted();
		if (seen === null && (predict || !this.#isUntranslated(kind))) {
			throw new PrepareError("no-observation", "no STUN server answered over TCP");
		}
		const port = seen?.port ?? this.#freePort();
		const ports = predict ? this.#portsAfter(port, side.sockets, kind) : [port];
		this.#slots = ports.map((each) => ({ port: each, server: null }));
		this.#listenerNeeded = side.listen === "needed";
		if (side.listen !== "no") await this.#listen(round);
		const external = seen?.external ?? { ip: this.#parts.sockets.localIp, port };
		const lan = this.#parts.localIps.slice(0, MAX_LAN).map((ip) => ({ ip, port: ports[0] ?? port }));
		const announced = predict
			? predictPorts(kind, { local: port, external: external.port }, ports, side.announce)
			: [external.port];
		return { kind, external: { ip: external.ip, ports: announced }, lan };
	}

	start({ round, role, side, ours, theirs, at, packets }: RoundStart): void {
		this.#packets = packets;
		const { targets } = aimAt({ ...side, sockets: this.#slots.length }, ours, theirs);
		this.#ttl = LOW_TTL_RETRY + round;
		this.#engine = new TcpEngine({ role, targets, at, opening: round === 0 ? "normal" : "low-ttl" });
	}

	poll(now: number): RoundState<Socket> {
		const engine = this.#engine;
		if (engine === null) return { wakeAt: Number.POSITIVE_INFINITY, done: null, heard: false, spent: false };
		const { actions, wakeAt, done } = engine.poll(now);
		for (const action of actions) this.#act(action, engine);
		this.#heardAt ??= engine.heardAt;
		const state = { wakeAt, done: null, heard: engine.isHopeful, spent: false };
		const winner = done === null ? undefined : this.#connections.get(done.id);
		if (done === null || winner === undefined) return state;
		this.#connections.delete(done.id);
		winner.detach();
		const { socket } = winner;
		socket.setNoDelay(false);
		const local = { ip: socket.localAddress ?? this.#parts.sockets.localIp, port: socket.localPort ?? 0 };
		return { ...state, done: { socket, local, remote: done.remote, path: done.path, keepAlive: null } };
	}

	close(): void {
		this.#closeRound();
	}

	#isUntranslated({ type }: NatKind): boolean {
		const { localIp } = this.#parts.sockets;
		return (type === 1 || type === 2) && localIp !== "0.0.0.0" && localIp !== "::";
	}

	#freePort(): number {
		return LOCAL_FROM + this.#parts.pick(LOCAL_TO - LOCAL_FROM);
	}

	/** Local ports to use right after the observed one. */
	#portsAfter(observed: number, count: number, kind: NatKind): number[] {
		if (kind.delta === 5) return Array.from({ length: count }, (_, i) => observed + 1 + i);
		const ports = new Set<number>();
		while (ports.size < count) {
			const port = this.#freePort();
			if (port !== observed) ports.add(port);
		}
		return [...ports];
	}

	/** Asks from one local port after the other until a server answers: a port may be taken, a packet lost. */
	async #observe(round: AbortSignal): Promise<{ readonly port: number; readonly external: Endpoint } | null> {
		const { clock, observe } = this.#parts;
		const late = new PrepareError("no-observation", "the STUN servers took too long");
		for (let attempt = 0, silences = 0; attempt < BIND_TRIES && silences < OBSERVE_TRIES; attempt++) {
			const port = this.#freePort();
			const ask = async (inner: AbortSignal): Promise<TcpObservation | null> => {
				const observation = await observe(port, inner);
				if (!inner.aborted) return observation;
				observation?.close();
				return null;
			};
			try {
				const deadline = { timeout: OBSERVE_MS, clock, signal: round, onTimeout: () => late };
				const seen = await withDeadline(deadline, ask);
				if (seen !== null) {
					this.#observations.add(seen);
					return { port, external: seen.external };
				}
				silences += 1;
			} catch (error) {
				round.throwIfAborted();
				if (this.#failures.count(error) !== "EADDRINUSE") silences += 1;
			}
		}
		return null;
	}

	/** Listens on every punching port, where the system allows a listener beside connections from it. */
	async #listen(round: AbortSignal): Promise<void> {
		await Promise.all(
			this.#slots.map(async (slot, index) => {
				try {
					const server = await this.#parts.sockets.listen({ port: slot.port, reuse: true, signal: round });
					if (round.aborted) {
						server.close();
						return;
					}
					slot.server = server;
					server.on("error", (error) => this.#failures.count(error));
					server.on("connection", (socket) => this.#accept(index, socket));
				} catch (error) {
					round.throwIfAborted();
					this.#failures.count(error);
				}
			}),
		);
		if (this.#listenerNeeded && this.#slots.every(({ server }) => server === null)) {
			throw new PrepareError("needs-listener", "no listener beside connections from the same port");
		}
	}

	#accept(slot: number, socket: Socket): void {
		const { remoteAddress: ip, remotePort: port } = socket;
		const engine = this.#engine;
		const remote = { ip: ip ?? "", port: port ?? 0 };
		const id = engine?.accepted(slot, remote, this.#parts.clock.now()) ?? null;
		if (engine === null || id === null) {
			socket.on("error", () => undefined);
			socket.destroy();
			return;
		}
		this.#adopt(id, socket, engine);
		this.#parts.wake();
	}

	#act(action: TcpAction, engine: TcpEngine): void {
		if (action.type === "connect") {
			void this.#connect(action, engine);
			return;
		}
		const connection = this.#connections.get(action.id);
		if (connection === undefined) {
			this.#pending.get(action.id)?.abort();
			return;
		}
		if (action.type === "write") {
			const packets = this.#packets;
			if (packets !== null)
				connection.socket.write(Buffer.concat(action.packets.map((kind) => packets.make(kind))));
			return;
		}
		this.#connections.delete(action.id);
		connection.detach();
		destroy(connection.socket);
	}

	async #connect(
		{ id, slot, to, lowTtl }: Extract<TcpAction, { type: "connect" }>,
		engine: TcpEngine,
	): Promise<void> {
		const place = this.#slots[slot];
		if (place === undefined) return;
		this.#sent += 1;
		const giveUp = new AbortController();
		const { signal } = giveUp;
		this.#pending.set(id, giveUp);
		try {
			const socket = await this.#parts.sockets.connect({
				...to,
				localPort: place.port,
				reuse: true,
				signal,
				...(lowTtl ? { ttl: this.#ttl } : {}),
			});
			if (signal.aborted) {
				destroy(socket);
				return;
			}
			this.#adopt(id, socket, engine);
			engine.connected(id, this.#parts.clock.now());
		} catch (error) {
			if (signal.aborted) return;
			const code = this.#failures.count(error);
			// Without shared ports the listener stands in the way of every connection.
			if (code === "EADDRINUSE" && !this.#listenerNeeded) {
				place.server?.close();
				place.server = null;
			}
			engine.failed(id, code, this.#parts.clock.now());
		} finally {
			this.#pending.delete(id);
		}
		this.#parts.wake();
	}

	/** Reads a connection's packets, and not a byte more. */
	#adopt(id: number, socket: Socket, engine: TcpEngine): void {
		const { clock, wake } = this.#parts;
		const onReadable = (): void => {
			while (this.#connections.has(id)) {
				const data: Buffer | null = socket.read(PACKET_SIZE);
				if (data === null) return;
				engine.received(id, this.#packets?.read(data) ?? null, clock.now());
				wake();
			}
		};
		const onEnd = (): void => {
			if (!this.#connections.delete(id)) return;
			detach();
			destroy(socket);
			engine.closed(id, clock.now());
			wake();
		};
		const onError = (error: unknown): void => {
			this.#failures.count(error);
			onEnd();
		};
		const detach = (): void => {
			socket.off("readable", onReadable);
			socket.off("end", onEnd);
			socket.off("close", onEnd);
			socket.off("error", onError);
		};
		this.#connections.set(id, { socket, detach });
		socket.setNoDelay(true);
		socket.on("end", onEnd);
		socket.on("close", onEnd);
		socket.on("error", onError);
		socket.on("readable", onReadable);
	}

	#closeRound(): void {
		this.#round.abort();
		for (const pending of this.#pending.values()) pending.abort();
		this.#pending.clear();
		this.#round = manyListeners();
		for (const { socket, detach } of this.#connections.values()) {
			detach();
			destroy(socket);
		}
		this.#connections.clear();
		for (const { server } of this.#slots) server?.close();
		for (const observation of this.#observations) observation.close();
		this.#observations.clear();
		this.#slots = [];
		this.#engine = null;
	}
}

/** Closes a socket that nobody owns any more; its errors change nothing. */
function destroy(socket: Socket): void {
	socket.on("error", () => undefined);
	socket.destroy();
}
