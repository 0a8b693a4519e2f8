import type { Endpoint } from "@p2pd/net";
import { type DeltaJudgement, judgeDelta } from "./classify/delta.js";
import { TRAIN_GAP, TRAIN_PART_1, TRAIN_PART_2, TRAIN_PORTS, TRAIN_SENDS, TRAIN_TRIES } from "./defaults.js";
import { type ProbeTable, type SocketStates, waitAfter } from "./probe-table.js";
import { type Action, type PickNumber, type ProbeSpec, probeId, type SocketName } from "./probes.js";
import type { NatTrainSample } from "./types.js";

/** Local ports of the train relative to its first, in sending order. */
export const TRAIN_OFFSETS: readonly number[] = [...TRAIN_PART_1, ...TRAIN_PART_2];

const WIDTH = (TRAIN_OFFSETS[TRAIN_OFFSETS.length - 1] ?? 0) + 1;
/** How far above the mapped port seen first the train's local ports begin: beyond what the NAT gives out meanwhile. */
const NEAR = { min: 100, max: 600 } as const;
/** Two trains at most: a second one where loss spoilt the first. */
const ROUNDS = 2;
/** Sockets of each round and try have names of their own, so many apart. */
const NAMES = 100;

const trainSocket = (key: number, index: number): SocketName => `train:${key * NAMES + index}`;

/** A server that the train asks. */
export interface TrainServer {
	readonly index: number;
	readonly primary: Endpoint;
	readonly classic: boolean;
}

/**
 * The port train: new mappings made one after the other at a known pace by prepared sockets, so that the rule by
 * which the NAT picks ports shows. While it runs nothing else may be sent that could make a mapping in between.
 */
export class PortTrain {
	readonly #table: ProbeTable;
	readonly #sockets: SocketStates;
	readonly #pick: PickNumber;
	#tries = 0;
	#round = 0;
	#opened = false;
	#specs: readonly ProbeSpec[] | null = null;
	#next = 0;
	#lastAt = Number.NEGATIVE_INFINITY;
	#judgement: DeltaJudgement | null = null;
	#failure: string | null = null;

	constructor(table: ProbeTable, sockets: SocketStates, pick: PickNumber) {
		this.#table = table;
		this.#sockets = sockets;
		this.#pick = pick;
	}

	/** Why no sockets could be made for it. */
	get failure(): string | null {
		return this.#failure;
	}

	/** What it shows, once it is over. */
	get judgement(): DeltaJudgement | null {
		return this.#judgement;
	}

	get hasStarted(): boolean {
		return this.#specs !== null;
	}

	/** It is sending. */
	isRunning(now: number): boolean {
		const specs = this.#specs;
		return specs !== null && (this.#next < specs.length || now < this.nextAt);
	}

	/** A mapping was seen, so there is a NAT: asks for sockets, once. */
	prepare(mapped: Endpoint): Action[] {
		if (this.#opened || this.#failure !== null) return [];
		this.#opened = true;
		return this.#choosePorts(mapped).map((port, index) => {
			const socket = trainSocket(this.#key, index);
			this.#sockets.asked(socket);
			return { kind: "open" as const, socket, port };
		});
	}

	/** Whether all sockets are open. After a failure others are asked for, a few times. */
	isReady(): boolean {
		if (!this.#opened || this.#specs !== null) return false;
		const names = TRAIN_OFFSETS.map((_, index) => trainSocket(this.#key, index));
		if (names.some((name) => this.#sockets.isOpening(name))) return false;
		const failed = names.find((name) => this.#sockets.failure(name) !== null);
		if (failed === undefined) return true;
		this.#tries++;
		this.#opened = false;
		if (this.#tries >= TRAIN_TRIES) this.#failure = this.#sockets.failure(failed);
		return false;
	}

	/** @param servers - part 1 asks the first of them, part 2 the second (or the first, if it is the only one) */
	start(servers: readonly TrainServer[]): void {
		this.#next = 0;
		this.#specs = TRAIN_OFFSETS.flatMap((_, index) => {
			const server = index < TRAIN_PART_1.length ? servers[0] : (servers[1] ?? servers[0]);
			if (server === undefined) return [];
			return {
				id: probeId.train(this.#key, index),
				role: "train" as const,
				socket: trainSocket(this.#key, index),
				server: server.index,
				to: server.primary,
				change: "none" as const,
				maxSends: TRAIN_SENDS,
				classic: server.classic,
				unknownAttribute: false,
			};
		});
	}

	/** When the next probe of a running train is due. */
	get nextAt(): number {
		return this.#lastAt + TRAIN_GAP;
	}

	/** The next probe of the train, if its time has come. */
	take(now: number): ProbeSpec | null {
		const spec = this.#specs?.[this.#next];
		if (spec === undefined || now < this.nextAt) return null;
		this.#next++;
		this.#lastAt = now;
		return spec;
	}

	/** The probes that may be repeated now: those of a train that has run and does not show a rule yet. */
	repeats(now: number): readonly ProbeSpec[] {
		const specs = this.#specs;
		return specs === null || this.isRunning(now) || this.#judge(specs).conclusive ? [] : specs;
	}

	/** Judges a train that is over. One that shows nothing is run again if `mayRepeat`. */
	settle(now: number, mayRepeat: boolean): void {
		const specs = this.#specs;
		if (this.#judgement !== null || specs === null || !this.#isOver(specs, now)) return;
		const judged = this.#judge(specs);
		if (judged.type === "unknown" && mayRepeat && this.#round + 1 < ROUNDS) {
			this.#round++;
			this.#opened = false;
			this.#specs = null;
			return;
		}
		this.#judgement = judged;
	}

	/** The times at which it has something to do, on the clock. */
	times(): number[] {
		return this.#specs === null ? [] : [this.nextAt, this.#settleAt(this.#specs)];
	}

	/** Its samples in sending order. */
	samples(): readonly NatTrainSample[] {
		return this.#specs === null ? [] : this.#samplesOf(this.#specs);
	}

	/** Its sockets with their mapped ends, in sending order. */
	ends(): { socket: SocketName; mapped: Endpoint }[] {
		return (this.#specs ?? []).flatMap(({ id, socket }) => {
			const mapped = this.#table.get(id)?.answer?.mapped ?? null;
			return mapped === null ? [] : [{ socket, mapped }];
		});
	}

	/** Sockets of one round and try have names of their own. */
	get #key(): number {
		return this.#round * TRAIN_TRIES + this.#tries;
	}

	/** Local ports near the mapped port seen first: a NAT that keeps ports only inside its own range keeps these. */
	#choosePorts({ port }: Endpoint): readonly number[] {
		const distance = this.#pick(NEAR.min, NEAR.max);
		const up = this.#tries + this.#round === 0;
		const near = up ? port + distance : port - distance - WIDTH;
		const inside = near >= TRAIN_PORTS.start && near <= TRAIN_PORTS.end;
		const first = inside && this.#tries < 2 ? near : this.#pick(TRAIN_PORTS.start, TRAIN_PORTS.end);
		return TRAIN_OFFSETS.map((offset) => first + offset);
	}

	/** No more answers are waited for. */
	#isOver(specs: readonly ProbeSpec[], now: number): boolean {
		if (this.isRunning(now)) return false;
		const probes = specs.map(({ id }) => this.#table.get(id));
		if (probes.every((probe) => probe === undefined || this.#table.isOver(probe, now))) return true;
		return now >= this.#settleAt(specs) && this.#judge(specs).conclusive;
	}

	/** When the answers to the first sends should all have come. */
	#settleAt(specs: readonly ProbeSpec[]): number {
		const rtts = specs.map(({ server }) => this.#table.rtt(server) ?? 0);
		return this.#lastAt + waitAfter(1, Math.max(0, ...rtts));
	}

	#judge(specs: readonly ProbeSpec[]): DeltaJudgement {
		return judgeDelta(this.#samplesOf(specs));
	}

	#samplesOf(specs: readonly ProbeSpec[]): NatTrainSample[] {
		return specs.flatMap(({ id, socket }, index) => {
			const local = this.#sockets.port(socket);
			const answer = this.#table.get(id)?.answer ?? null;
			if (local === null) return [];
			return {
				index,
				part: index < TRAIN_PART_1.length ? (1 as const) : (2 as const),
				local,
				mapped: answer?.mapped?.port ?? null,
				inOrder: answer !== null && answer.send === 0,
			};
		});
	}
}
