import type { HostPort } from "@p2pd/stun-client";
import type { LocalEnd } from "../classify/mapping.js";
import { BLOCKED_BY, BUDGET_CLEAN, BUDGET_TROUBLE, PACE, TIMEOUT } from "../defaults.js";
import type { Seen, TcpVerdict } from "../types.js";
import { type Ending, endingOf } from "./ending.js";
import { Hairpin } from "./hairpin.js";
import { probeId } from "./ids.js";
import { type Knowledge, know } from "./knowledge.js";
import { Ledger } from "./ledger.js";
import type { Pick } from "./pick.js";
import { planProbes } from "./plan.js";
import { SocketsTable } from "./sockets-table.js";
import { TcpRunner } from "./tcp-runner.js";
import { TRAIN_OFFSETS } from "./train.js";
import { TrainRunner } from "./train-runner.js";
import type { Action, Probe, ProbeReply, ProbeSpec, SocketName } from "./types.js";

/** What a discovery is told at its start. */
export interface DiscoverySettings {
	readonly servers: readonly HostPort[];
	/** The IP that datagrams leave from, as far as it is known. */
	readonly localIp: string | null;
	readonly timeout?: number;
	/** Each of these is done only if it is wanted. */
	readonly delta: boolean;
	readonly hairpinning: boolean;
	readonly tcp: boolean;
}

const TRAIN_DATAGRAMS = TRAIN_OFFSETS.length;

/**
 * One discovery as a passive machine: it has no socket and no clock. It is told what happened and when, and says
 * what to do and when to ask again.
 */
export class Discovery {
	readonly #settings: DiscoverySettings;
	readonly #ledger = new Ledger();
	readonly #sockets = new SocketsTable();
	readonly #train: TrainRunner;
	readonly #hairpin = new Hairpin();
	readonly #tcp = new TcpRunner();
	readonly #startedAt: number;
	readonly #deadline: number;
	#freeAt = Number.NEGATIVE_INFINITY;
	#wanted: readonly ProbeSpec[] = [];
	#steppedAt: number;
	#ending: Ending | null = null;
	#knowledge: Knowledge;

	constructor(settings: DiscoverySettings, pick: Pick, now: number) {
		this.#settings = settings;
		this.#startedAt = now;
		this.#steppedAt = now;
		this.#deadline = now + (settings.timeout ?? TIMEOUT);
		this.#train = new TrainRunner(this.#sockets, pick);
		this.#knowledge = this.#know(now);
	}

	get startedAt(): number {
		return this.#startedAt;
	}

	/** Null while it goes on. */
	get ending(): Ending | null {
		return this.#ending;
	}

	get ledger(): Ledger {
		return this.#ledger;
	}

	get knowledge(): Knowledge {
		return this.#knowledge;
	}

	get train(): TrainRunner {
		return this.#train;
	}

	get hairpinning(): Seen {
		return this.#hairpin.verdict;
	}

	get tcp(): TcpVerdict | null {
		return this.#tcp.verdict;
	}

	get local(): LocalEnd | null {
		const port = this.#sockets.port("map");
		return port === null ? null : { ip: this.#settings.localIp, port };
	}

	/** When the last step was. */
	get endedAt(): number {
		return this.#steppedAt;
	}

	/** Why the mapping socket could not be made. */
	get socketFailure(): string | null {
		return this.#sockets.failure("map");
	}

	localPort(socket: SocketName): number | null {
		return this.#sockets.port(socket);
	}

	socketOpened(socket: SocketName, port: number): void {
		this.#sockets.opened(socket, port);
	}

	socketFailed(socket: SocketName, reason: string): void {
		this.#sockets.failed(socket, reason);
	}

	replied(id: string, send: number, reply: ProbeReply, now: number): void {
		this.#ledger.answered(id, send, reply, now);
	}

	/** The system refused a send: no route, no network. */
	sendFailed(id: string, reason: string): void {
		this.#ledger.sendFailed(id, reason);
	}

	/** A request from one of our own sockets came in from outside. */
	hairpinned(): void {
		this.#hairpin.arrived();
	}

	tcpDone(verdict: TcpVerdict): void {
		this.#tcp.done(verdict, this.#knowledge);
	}

	/** What is to be done now. */
	step(now: number): Action[] {
		if (this.#ending !== null) return [];
		const actions: Action[] = [];
		this.#steppedAt = now;
		this.#knowledge = this.#know(now);
		this.#wanted = planProbes({
			knowledge: this.#knowledge,
			local: this.local,
			sendsOf: (id) => this.#ledger.get(id)?.sends.length ?? null,
			isAnswered: (id) => this.#ledger.get(id)?.answer != null,
			isOver: (id) => this.#ledger.isOverId(id, now),
		});
		this.#ledger.plan(this.#wanted);
		this.#ledger.freeze(this.#ledger.datagrams >= this.#budget);
		for (const spec of this.#wanted) {
			if (this.#sockets.has(spec.socket)) continue;
			this.#sockets.asked(spec.socket);
			actions.push({ kind: "open", socket: spec.socket, port: 0 });
		}
		this.#failUnsendable();
		if (!this.#train.isRunning(now)) this.#sendDue(now, actions);
		this.#runTcp(now, actions);
		this.#runTrain(now, actions);
		this.#runHairpin(now, actions);
		this.#ending = this.#end(now);
		return actions;
	}

	/** When to ask again if nothing happens before. */
	nextAt(now: number): number {
		const train = this.#train.train;
		const times = [this.#deadline, this.#startedAt + BLOCKED_BY, this.#freeAt];
		if (train !== null) {
			times.push(train.nextAt(), train.settleAt(this.#ledger));
			if (train.isRunning(now)) return Math.max(now, Math.min(train.nextAt(), this.#deadline));
		}
		if (this.#hairpin.hasStarted) times.push(this.#hairpin.nextAt(this.#ledger, now));
		times.push(this.#tcp.endsAt(this.#knowledge));
		for (const probe of this.#ledger.all()) {
			const due = this.#ledger.dueAt(probe);
			const overdue = this.#ledger.overdueAt(probe);
			if (due !== null) times.push(due);
			if (overdue !== null) times.push(overdue);
		}
		return Math.min(...times.filter((time) => time > now));
	}

	#know(now: number): Knowledge {
		return know(this.#ledger, this.#settings.servers, this.local, now);
	}

	get #budget(): number {
		return this.#knowledge.trouble ? BUDGET_TROUBLE : BUDGET_CLEAN;
	}

	/** A probe whose socket could not be made is over. */
	#failUnsendable(): void {
		for (const { id, socket } of this.#wanted) {
			const failure = this.#sockets.failure(socket);
			if (failure !== null) this.#ledger.failed(id, failure);
		}
	}

	#sendDue(now: number, actions: Action[]): void {
		const repeats = this.#train.train?.repeats(this.#ledger, now) ?? [];
		for (const spec of [...this.#wanted, ...repeats]) {
			if (now < this.#freeAt) return;
			const probe = this.#ledger.get(spec.id);
			if (probe === undefined || this.#sockets.port(spec.socket) === null) continue;
			const due = this.#ledger.dueAt(probe);
			if (due !== null && due <= now && this.#affords(probe)) this.#send(probe.spec, now, actions);
		}
	}

	/** Tests of filtering leave enough of the budget for a port train, which cannot be cut short. */
	#affords({ spec }: Probe): boolean {
		const left = this.#budget - this.#ledger.datagrams;
		const spare = spec.role === "filter" || spec.role === "control" || spec.role === "contact";
		// A second train is made only where something is amiss.
		const ahead = this.#train.train === null || this.#knowledge.trouble;
		const reserved = spare && ahead && this.#mayTrain() ? TRAIN_DATAGRAMS : 0;
		return left > reserved;
	}

	#send(spec: ProbeSpec, now: number, actions: Action[]): void {
		this.#ledger.add(spec);
		const send = this.#ledger.sent(spec.id, now);
		actions.push({ kind: "send", probe: spec, send });
		this.#freeAt = now + PACE;
	}

	/** There is a NAT, as far as is known, and its ports are of interest. */
	#mayTrain(): boolean {
		return (
			this.#settings.delta && this.#knowledge.mapping.behaviour !== "none" && this.#train.judgement === null
		);
	}

	#runTrain(now: number, actions: Action[]): void {
		const { mapping, servers } = this.#knowledge;
		if (!this.#settings.delta || mapping.behaviour === "none" || this.#train.failure !== null) return;
		const room =
			this.#ledger.datagrams + TRAIN_DATAGRAMS <= this.#budget &&
			now + 200 + 2 * (this.#ledger.rtt(0) ?? 0) < this.#deadline;
		this.#train.settle(this.#ledger, this.#knowledge, now, room);
		const { local } = this;
		const translated = servers.find(
			({ mapped }) => mapped !== null && !(mapped.ip === local?.ip && mapped.port === local.port),
		);
		if (this.#train.train === null && this.#train.judgement === null && translated?.mapped != null && room) {
			actions.push(...this.#train.prepare(translated.mapped));
			if (this.#train.ready() && this.#mayStartTrain(now)) {
				const sure = mapping.confirmed.length > 0 ? mapping.confirmed : mapping.trusted;
				const near = servers
					.filter(({ index }) => sure.includes(index))
					.sort((a, b) => (a.rtt ?? 0) - (b.rtt ?? 0));
				if (near.length > 0) this.#train.start(near);
			}
		}
		const spec = this.#train.take(now);
		if (spec !== null) this.#send(spec, now, actions);
	}

	/** It is known whom to ask, and nothing else is about to make a mapping. */
	#mayStartTrain(now: number): boolean {
		const { mapping } = this.#knowledge;
		if (mapping.trusted.length === 0 || now < this.#freeAt) return false;
		if (!mapping.decided && !(mapping.external !== null && mapping.agreed >= mapping.needed)) return false;
		return !this.#wanted.some(({ id }) => {
			const probe = this.#ledger.get(id);
			const due = probe === undefined ? null : this.#ledger.dueAt(probe);
			return probe !== undefined && due !== null && due <= now && this.#affords(probe);
		});
	}

	#runHairpin(now: number, actions: Action[]): void {
		const { train, judgement } = this.#train;
		if (!this.#settings.hairpinning || train === null || judgement === null) return;
		if (now < this.#freeAt) return;
		this.#hairpin.start(train, this.#ledger, now);
		for (const spec of this.#hairpin.due(this.#ledger, now)) {
			if (this.#ledger.datagrams < this.#budget) this.#send(spec, now, actions);
		}
	}

	/** Two TCP connections from one local port to a server's two addresses; before the port train or after it. */
	#runTcp(now: number, actions: Action[]): void {
		if (!this.#settings.tcp || this.#train.isRunning(now)) return;
		const action = this.#tcp.next(this.#knowledge, now);
		if (action === null) return;
		this.#freeAt = Math.max(this.#freeAt, now + PACE);
		actions.push(action);
	}

	#end(now: number): Ending | null {
		return endingOf({
			now,
			startedAt: this.#startedAt,
			deadline: this.#deadline,
			knowledge: this.#knowledge,
			primaries: this.#settings.servers.map((_, index) => this.#ledger.get(probeId.primary(index))),
			noSocket: this.#sockets.failure("map") !== null,
			tcpOver: this.#tcp.isOver(this.#knowledge, now),
			portsOver: this.#portsOver(now),
		});
	}

	#portsOver(now: number): boolean {
		if (!this.#settings.delta || this.#knowledge.mapping.behaviour === "none") return true;
		if (this.#train.failure !== null) return true;
		if (this.#train.judgement === null) return false;
		return !this.#settings.hairpinning || this.#hairpin.isOver(this.#ledger, now);
	}
}
