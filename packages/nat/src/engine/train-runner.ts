import type { HostPort } from "@p2pd/stun-client";
import type { DeltaJudgement } from "../classify/delta.js";
import { TRAIN_PORTS, TRAIN_TRIES } from "../defaults.js";
import type { TrainSample } from "../types.js";
import type { Knowledge } from "./knowledge.js";
import type { Ledger } from "./ledger.js";
import type { Pick } from "./pick.js";
import type { SocketsTable } from "./sockets-table.js";
import { TRAIN_OFFSETS, Train, trainSocket } from "./train.js";
import type { Action, ProbeSpec } from "./types.js";

const WIDTH = (TRAIN_OFFSETS[TRAIN_OFFSETS.length - 1] ?? 0) + 1;
/** How far above the mapped port seen first the train's local ports begin: beyond what the NAT gives out meanwhile. */
const NEAR = { min: 100, max: 600 } as const;
/** Two trains at most: a second one where loss spoilt the first. */
const ROUNDS = 2;

/** Prepares the sockets of a port train, lets it run, and judges it. */
export class TrainRunner {
	readonly #pick: Pick;
	readonly #sockets: SocketsTable;
	#tries = 0;
	#round = 0;
	#opened = false;
	#ports: readonly number[] = [];
	#train: Train | null = null;
	#last: DeltaJudgement | null = null;
	#failure: string | null = null;

	constructor(sockets: SocketsTable, pick: Pick) {
		this.#sockets = sockets;
		this.#pick = pick;
	}

	/** The train that runs or has run last. */
	get train(): Train | null {
		return this.#train;
	}

	/** What stopped it, if anything did. */
	get failure(): string | null {
		return this.#failure;
	}

	get judgement(): DeltaJudgement | null {
		return this.#last;
	}

	/** A mapping was seen, so there is a NAT: ask for sockets, once. */
	prepare(mapped: HostPort): Action[] {
		if (this.#opened || this.#failure !== null) return [];
		this.#opened = true;
		this.#ports = this.#choosePorts(mapped);
		return this.#ports.map((port, index) => {
			const socket = trainSocket(this.#key, index);
			this.#sockets.asked(socket);
			return { kind: "open" as const, socket, port };
		});
	}

	/** All sockets are there. After a failure it asks for others, a few times. */
	ready(): boolean {
		if (!this.#opened || this.#train !== null) return false;
		const names = TRAIN_OFFSETS.map((_, index) => trainSocket(this.#key, index));
		if (names.some((name) => this.#sockets.isOpening(name))) return false;
		const failed = names.find((name) => this.#sockets.failure(name) !== null);
		if (failed === undefined) return true;
		this.#tries++;
		this.#opened = false;
		if (this.#tries >= TRAIN_TRIES) this.#failure = this.#sockets.failure(failed);
		return false;
	}

	start(servers: readonly { index: number; primary: HostPort; classic: boolean }[]): void {
		const train = new Train(this.#key, servers);
		for (const index of TRAIN_OFFSETS.keys()) {
			const socket = trainSocket(this.#key, index);
			const port = this.#sockets.port(socket);
			if (port !== null) train.opened(socket, port);
		}
		this.#train = train;
	}

	isRunning(now: number): boolean {
		return this.#train?.isRunning(now) === true;
	}

	take(now: number): ProbeSpec | null {
		return this.#train?.take(now) ?? null;
	}

	/** Judge a train that is over; begin a second one if it says nothing and there is `room` for another. */
	settle(ledger: Ledger, knowledge: Knowledge, now: number, room: boolean): void {
		const train = this.#train;
		if (this.#last !== null || train === null || !train.isOver(ledger, now)) return;
		const judged = train.judge(ledger);
		if (judged.type === "unknown" && knowledge.trouble && room && this.#round + 1 < ROUNDS) {
			this.#round++;
			this.#opened = false;
			this.#train = null;
			return;
		}
		this.#last = judged;
	}

	samples(ledger: Ledger): readonly TrainSample[] {
		return this.#train?.samples(ledger, (socket) => this.#sockets.port(socket)) ?? [];
	}

	/** Sockets of one round and try have names of their own. */
	get #key(): number {
		return this.#round * TRAIN_TRIES + this.#tries;
	}

	/**
	 * Local ports near the mapped port that was seen: a NAT that keeps ports only inside its own range keeps these.
	 */
	#choosePorts({ port }: HostPort): readonly number[] {
		const distance = this.#pick(NEAR.min, NEAR.max);
		const up = this.#tries + this.#round === 0;
		const near = up ? port + distance : port - distance - WIDTH;
		const inside = near >= TRAIN_PORTS.start && near <= TRAIN_PORTS.end;
		const first = inside && this.#tries < 2 ? near : this.#pick(TRAIN_PORTS.start, TRAIN_PORTS.end);
		return TRAIN_OFFSETS.map((offset) => first + offset);
	}
}
