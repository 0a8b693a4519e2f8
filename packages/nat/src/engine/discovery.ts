import type { HostPort } from "@p2pd/stun-client";
import type { LocalEnd } from "../classify/mapping.js";
import {
	BLOCKED_BY,
	BLOCKED_SERVERS,
	BUDGET_CLEAN,
	BUDGET_TROUBLE,
	PACE,
	SILENCE_SENDS,
	TCP_MARGIN,
	TCP_SERVERS,
	TIMEOUT,
} from "../defaults.js";
import type { Seen, TcpVerdict } from "../types.js";
import { Hairpin } from "./hairpin.js";
import { probeId } from "./ids.js";
import { addressesOf, type Knowledge, know } from "./knowledge.js";
import { Ledger } from "./ledger.js";
import type { Pick } from "./pick.js";
import { planProbes } from "./plan.js";
import { SocketsTable } from "./sockets-table.js";
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

/** Why a discovery is over. */
export type Ending = "complete" | "blocked" | "unsendable" | "no-socket" | "timeout";

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
	readonly #startedAt: number;
	readonly #deadline: number;
	#freeAt = Number.NEGATIVE_INFINITY;
	#wanted: readonly ProbeSpec[] = [];
	#tcp: TcpVerdict | null = null;
	#tcpStartedAt: number | null = null;
	readonly #tcpAsked = new Set<number>();
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
		return this.#tcp;
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

	/** Of a server that could not tell another one is asked, if there is one. */
	tcpDone(verdict: TcpVerdict): void {
		this.#tcp = verdict;
		const other = this.#knowledge.servers.some(
			({ index, alternate }) => alternate !== null && !this.#tcpAsked.has(index),
		);
		if (verdict.mapping === "unknown" && other && this.#tcpAsked.size < TCP_SERVERS)
			this.#tcpStartedAt = null;
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
		if (this.#tcpStartedAt !== null) times.push(this.#tcpEndsAt());
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
				const trusted = servers.filter(({ index }) => mapping.trusted.includes(index));
				const near = [...trusted].sort((a, b) => (a.rtt ?? 0) - (b.rtt ?? 0));
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
		const { servers, mapping } = this.#knowledge;
		if (!this.#settings.tcp || this.#tcpStartedAt !== null || this.#train.isRunning(now)) return;
		const server = servers.find(
			({ index, alternate }) =>
				alternate !== null && !mapping.suspects.includes(index) && !this.#tcpAsked.has(index),
		);
		const other = server === undefined ? null : addressesOf(server).otherBoth;
		if (server === undefined || other === null || mapping.behaviour === "none") return;
		this.#tcpStartedAt = now;
		this.#tcpAsked.add(server.index);
		this.#tcp = null;
		this.#freeAt = Math.max(this.#freeAt, now + PACE);
		actions.push({ kind: "tcp", server: server.index, primary: server.primary, other });
	}

	#tcpEndsAt(): number {
		const rtt = Math.max(0, ...this.#knowledge.servers.map((server) => server.rtt ?? 0));
		return (this.#tcpStartedAt ?? 0) + 2 * rtt + TCP_MARGIN;
	}

	#end(now: number): Ending | null {
		const { mapping, filtering, servers } = this.#knowledge;
		const failed = this.#sockets.failure("map");
		if (failed !== null) return "no-socket";
		if (now >= this.#deadline) return "timeout";
		const nobody = servers.every(({ alive }) => !alive);
		if (nobody) return this.#silence(now);
		const tcpOver = this.#tcpStartedAt === null || this.#tcp !== null || now >= this.#tcpEndsAt();
		if (!mapping.decided) return null;
		if (mapping.behaviour === "unknown") return tcpOver ? "complete" : null;
		if (!filtering.decided || !tcpOver) return null;
		return this.#portsOver(now) ? "complete" : null;
	}

	#portsOver(now: number): boolean {
		if (!this.#settings.delta || this.#knowledge.mapping.behaviour === "none") return true;
		if (this.#train.failure !== null) return true;
		if (this.#train.judgement === null) return false;
		return !this.#settings.hairpinning || this.#hairpin.isOver(this.#ledger, now);
	}

	/** Nobody has answered: is it proven that nobody can? What the system refuses to send is no silence. */
	#silence(now: number): Ending | null {
		const primaries = this.#settings.servers.map((_, index) => this.#ledger.get(probeId.primary(index)));
		const refused = primaries.filter((probe) => probe?.failure != null).length;
		if (refused === primaries.length) return "unsendable";
		if (now < this.#startedAt + BLOCKED_BY) return null;
		const silent = primaries.filter(
			(probe) => probe !== undefined && probe.failure === null && probe.sends.length >= SILENCE_SENDS,
		).length;
		if (silent >= Math.min(BLOCKED_SERVERS, primaries.length)) return "blocked";
		return refused > 0 && silent + refused === primaries.length ? "unsendable" : null;
	}
}
