import type { HostPort } from "@p2pd/stun-client";
import { type DeltaJudgement, judgeDelta } from "../classify/delta.js";
import { TRAIN_GAP, TRAIN_PART_1, TRAIN_PART_2, TRAIN_SENDS } from "../defaults.js";
import type { TrainSample } from "../types.js";
import { probeId } from "./ids.js";
import type { Ledger } from "./ledger.js";
import { waitAfter } from "./timing.js";
import type { ProbeSpec, SocketName } from "./types.js";

/** Local ports of the train relative to its first, in sending order. */
export const TRAIN_OFFSETS: readonly number[] = [...TRAIN_PART_1, ...TRAIN_PART_2];

/** Rounds are numbered in sockets' names so that a second train has sockets of its own. */
const ROUND = 100;

/** The name of a train's socket. */
export const trainSocket = (round: number, index: number): SocketName => `train:${round * ROUND + index}`;

/** One run of the port train: new mappings made one after the other at a known pace by prepared sockets. */
export class Train {
	readonly round: number;
	readonly #specs: readonly ProbeSpec[];
	#next = 0;
	#lastAt = Number.NEGATIVE_INFINITY;

	/** @param servers - who is asked: the first of them in part 1, the second in part 2 */
	constructor(round: number, servers: readonly { index: number; primary: HostPort; classic: boolean }[]) {
		this.round = round;
		this.#specs = TRAIN_OFFSETS.flatMap((_, index) => {
			const server = index < TRAIN_PART_1.length ? servers[0] : (servers[1] ?? servers[0]);
			if (server === undefined) return [];
			return {
				id: probeId.train(round, index),
				role: "train" as const,
				socket: trainSocket(round, index),
				server: server.index,
				to: server.primary,
				change: "none" as const,
				maxSends: TRAIN_SENDS,
				classic: server.classic,
				unknownAttribute: false,
			};
		});
	}

	/** While this holds, nothing else may be sent: it could make a mapping in between. */
	isRunning(now: number): boolean {
		return this.#next < this.#specs.length || now < this.#lastAt + TRAIN_GAP;
	}

	/** The next of the train, if its time has come. */
	take(now: number): ProbeSpec | null {
		const spec = this.#specs[this.#next];
		if (spec === undefined || now < this.nextAt()) return null;
		this.#next++;
		this.#lastAt = now;
		return spec;
	}

	nextAt(): number {
		return this.#lastAt + TRAIN_GAP;
	}

	/** The probes that may be repeated now: those of a train that has run and says nothing yet. */
	repeats(ledger: Ledger, now: number): readonly ProbeSpec[] {
		return this.isRunning(now) || this.judge(ledger).conclusive ? [] : this.#specs;
	}

	/** No more answers are waited for. */
	isOver(ledger: Ledger, now: number): boolean {
		if (this.isRunning(now)) return false;
		const probes = this.#specs.map(({ id }) => ledger.get(id));
		if (probes.every((probe) => probe === undefined || ledger.isOver(probe, now))) return true;
		return now >= this.settleAt(ledger) && this.judge(ledger).conclusive;
	}

	/** When the answers to the first sends should all be there. */
	settleAt(ledger: Ledger): number {
		const rtts = this.#specs.map(({ server }) => ledger.rtt(server) ?? 0);
		return this.#lastAt + waitAfter(1, Math.max(0, ...rtts));
	}

	/** The samples in sending order. */
	samples(ledger: Ledger, localPort: (socket: SocketName) => number | null): TrainSample[] {
		return this.#specs.flatMap(({ id, socket }, index) => {
			const local = localPort(socket);
			const answer = ledger.get(id)?.answer ?? null;
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

	judge(ledger: Ledger): DeltaJudgement {
		return judgeDelta(this.samples(ledger, (socket) => this.#ports.get(socket) ?? null));
	}

	readonly #ports = new Map<SocketName, number>();

	/** Learn the local port of one of its sockets. */
	opened(socket: SocketName, port: number): void {
		this.#ports.set(socket, port);
	}

	/** Sockets with their mapped ends, in sending order. */
	ends(ledger: Ledger): { socket: SocketName; mapped: HostPort }[] {
		return this.#specs.flatMap(({ id, socket }) => {
			const mapped = ledger.get(id)?.answer?.mapped ?? null;
			return mapped === null ? [] : { socket, mapped };
		});
	}
}
