import { endpointText, sameEndpoint } from "@p2pd/net";
import type { LocalEnd } from "./classify/mapping.js";
import {
	BLOCKED_SERVERS,
	BUDGET_CLEAN,
	BUDGET_SERVER,
	BUDGET_TROUBLE,
	MAX_SERVERS,
	MOST_SERVERS,
	PACE,
	SERVER_TIMEOUT,
	SILENCE_SENDS,
	TIMEOUT,
} from "./defaults.js";
import { Hairpin } from "./hairpin.js";
import { type Knowledge, know, type ServerCandidate } from "./knowledge.js";
import { planProbes, serversWanted } from "./plan.js";
import { PortTrain, TRAIN_OFFSETS } from "./port-train.js";
import { type Probe, ProbeTable, SocketStates } from "./probe-table.js";
import {
	type Action,
	type PickNumber,
	type ProbeReply,
	type ProbeSpec,
	probeId,
	type SocketName,
} from "./probes.js";
import type { DiscoverySnapshot, Ending } from "./snapshot.js";
import { TcpCheck } from "./tcp.js";
import type { NatTcp } from "./types.js";

/** What a discovery is told at its start. */
export interface DiscoverySettings {
	/** How many servers are asked at once. */
	readonly maxServers: number;
	readonly timeout?: number;
	/** Find out how ports are picked, ... */
	readonly delta: boolean;
	/** ... whether hairpinning works, ... */
	readonly hairpinning: boolean;
	/** ... and how TCP is mapped. */
	readonly tcp: boolean;
}

const TRAIN_DATAGRAMS = TRAIN_OFFSETS.length;

/**
 * One discovery as a passive machine: it has no socket and no clock. It is told what happened and when, and says
 * what to do and when to ask again.
 */
export class Discovery {
	readonly #settings: DiscoverySettings;
	readonly #table = new ProbeTable();
	readonly #sockets = new SocketStates();
	readonly #train: PortTrain;
	readonly #hairpin = new Hairpin(this.#table);
	readonly #tcp: TcpCheck;
	readonly #startedAt: number;
	readonly #deadline: number;
	readonly #servers: ServerCandidate[] = [];
	/** How many servers are being looked for. */
	#sought = 0;
	/** There are no further servers. */
	#isExhausted = false;
	/** The IP that datagrams leave from, as far as it is known. */
	#localIp: string | null = null;
	#freeAt = Number.NEGATIVE_INFINITY;
	#wanted: readonly ProbeSpec[] = [];
	#steppedAt: number;
	#ending: Ending | null = null;
	#knowledge: Knowledge;

	constructor(settings: DiscoverySettings, pick: PickNumber, now: number) {
		this.#settings = settings;
		this.#startedAt = now;
		this.#steppedAt = now;
		this.#deadline = now + (settings.timeout ?? TIMEOUT);
		this.#train = new PortTrain(this.#table, this.#sockets, pick);
		this.#tcp = new TcpCheck(pick);
		this.#knowledge = this.#know(now);
	}

	/** Null while it goes on. */
	get ending(): Ending | null {
		return this.#ending;
	}

	/** Changes when there is something new worth a report. */
	get progress(): string {
		const { mapping, filtering, servers } = this.#knowledge;
		if (!servers.some(({ mapped }) => mapped !== null)) return "";
		return [
			mapping.external === null ? "" : endpointText(mapping.external),
			mapping.behaviour,
			mapping.decided,
			filtering.behaviour,
			this.#train.judgement?.type,
			this.#hairpin.verdict,
			this.#tcp.verdict?.mapping,
		].join(" ");
	}

	/** All that it knows, as of the last step. */
	snapshot(): DiscoverySnapshot {
		const states = [...this.#table.states(this.#steppedAt).values()];
		return {
			startedAt: this.#startedAt,
			ending: this.#ending,
			socketFailure: this.#sockets.failure("map"),
			local: this.#local,
			knowledge: this.#knowledge,
			probes: states
				.filter(({ sends, failure }) => sends.length > 0 || failure !== null)
				.map((state) => ({ ...state, localPort: this.#sockets.port(state.spec.socket) })),
			train: {
				samples: this.#train.samples(),
				judgement: this.#train.judgement,
				failure: this.#train.failure,
			},
			hairpinning: this.#hairpin.verdict,
			tcp: this.#tcp.verdict,
			datagrams: this.#table.datagrams,
		};
	}

	/** A server that was asked for. `localIp` is the IP that datagrams to it leave from, where that is known. */
	serverFound(server: ServerCandidate, localIp: string | null): void {
		this.#sought--;
		this.#localIp ??= localIp;
		if (!this.#servers.some((other) => sameEndpoint(other, server))) this.#servers.push(server);
	}

	/** There is no further server. */
	serversExhausted(): void {
		this.#sought--;
		this.#isExhausted = true;
	}

	socketOpened(socket: SocketName, port: number): void {
		this.#sockets.opened(socket, port);
	}

	socketFailed(socket: SocketName, reason: string): void {
		this.#sockets.failed(socket, reason);
	}

	replied(id: string, send: number, reply: ProbeReply, now: number): void {
		this.#table.answered(id, send, reply, now);
	}

	/** The system refused a send: no route, no network. */
	sendFailed(id: string, reason: string): void {
		this.#table.sendFailed(id, reason);
	}

	/** The host of a server refused a datagram: nothing listens there. */
	refused(server: number, reason: string): void {
		this.#table.failed(probeId.primary(server), reason);
	}

	/** A request from one of our own sockets came in from outside. */
	hairpinned(): void {
		this.#hairpin.arrived();
	}

	/** A server's first address has answered over TCP. */
	tcpAnswered(server: number, now: number): void {
		this.#tcp.answered(server, now);
	}

	tcpDone(server: number, verdict: NatTcp): void {
		this.#tcp.done(server, verdict);
	}

	/** What is to be done now. */
	step(now: number): Action[] {
		if (this.#ending !== null) return [];
		const actions: Action[] = [];
		this.#steppedAt = now;
		this.#knowledge = this.#know(now);
		const input = { knowledge: this.#knowledge, local: this.#local, probes: this.#table.states(now) };
		this.#findServers(serversWanted(input, this.#settings.maxServers), actions);
		this.#wanted = planProbes(input);
		this.#table.plan(this.#wanted);
		this.#table.freeze(this.#table.datagrams >= this.#budget);
		for (const spec of this.#wanted) {
			if (this.#sockets.has(spec.socket)) continue;
			this.#sockets.asked(spec.socket);
			actions.push({ kind: "open", socket: spec.socket, port: 0 });
		}
		this.#failUnsendable();
		this.#sendDue(now, actions);
		this.#runTcp(now, actions);
		this.#runTrain(now, actions);
		this.#runHairpin(now, actions);
		this.#ending = this.#end(now);
		return actions;
	}

	/** When to ask again if nothing happens before. */
	nextAt(now: number): number {
		const train = this.#train.times();
		const times = [this.#deadline, this.#table.firstSentAt + SERVER_TIMEOUT, this.#freeAt, ...train];
		if (this.#hairpin.hasStarted) times.push(this.#hairpin.nextAt(now));
		times.push(this.#tcp.endsAt(this.#knowledge));
		for (const probe of this.#table.all()) {
			const due = this.#table.dueAt(probe);
			const overdue = this.#table.overdueAt(probe);
			if (due !== null) times.push(due);
			if (overdue !== null) times.push(overdue);
		}
		return Math.min(...times.filter((time) => time > now));
	}

	get #local(): LocalEnd | null {
		const port = this.#sockets.port("map");
		return port === null ? null : { ip: this.#localIp, port };
	}

	#know(now: number): Knowledge {
		return know({
			table: this.#table,
			servers: this.#servers,
			canAskMore: !this.#isExhausted && this.#servers.length < MOST_SERVERS,
			local: this.#local,
			now,
		});
	}

	get #budget(): number {
		const further = Math.max(0, this.#servers.length - MAX_SERVERS);
		return (this.#knowledge.trouble ? BUDGET_TROUBLE : BUDGET_CLEAN) + BUDGET_SERVER * further;
	}

	#findServers(wanted: number, actions: Action[]): void {
		const count = wanted - this.#servers.length - this.#sought;
		if (this.#isExhausted || count <= 0) return;
		this.#sought += count;
		actions.push({ kind: "servers", count });
	}

	/** A probe whose socket could not be made is over. */
	#failUnsendable(): void {
		for (const { id, socket } of this.#wanted) {
			const failure = this.#sockets.failure(socket);
			if (failure !== null) this.#table.failed(id, failure);
		}
	}

	#sendDue(now: number, actions: Action[]): void {
		for (const spec of [...this.#wanted, ...this.#train.repeats(now)]) {
			if (now < this.#freeAt) return;
			const probe = this.#table.get(spec.id);
			if (probe === undefined || this.#sockets.port(spec.socket) === null) continue;
			if (!this.#isSafe(probe, now)) continue;
			const due = this.#table.dueAt(probe);
			if (due !== null && due <= now && this.#affords(probe)) this.#send(probe.spec, now, actions);
		}
	}

	/** While the port train runs only repetitions are sent, which make no new mapping, and none that would delay it. */
	#isSafe({ sends }: Probe, now: number): boolean {
		return !this.#train.isRunning(now) || (sends.length > 0 && now + PACE <= this.#train.nextAt);
	}

	/** Tests of filtering leave enough of the budget for a port train, which cannot be cut short. */
	#affords({ spec }: Probe): boolean {
		const left = this.#budget - this.#table.datagrams;
		const spare = spec.role === "filter" || spec.role === "control" || spec.role === "contact";
		// A second train is made only where something is amiss.
		const ahead = !this.#train.hasStarted || this.#knowledge.trouble;
		const reserved = spare && ahead && this.#mayTrain() ? TRAIN_DATAGRAMS : 0;
		return left > reserved;
	}

	#send(spec: ProbeSpec, now: number, actions: Action[]): void {
		this.#table.add(spec);
		const send = this.#table.sent(spec.id, now);
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
		const isAffordable =
			this.#table.datagrams + TRAIN_DATAGRAMS <= this.#budget &&
			now + 200 + 2 * (this.#table.rtt(0) ?? 0) < this.#deadline;
		this.#train.settle(now, this.#knowledge.trouble && isAffordable);
		const local = this.#local;
		const translated = servers.find(
			({ mapped }) => mapped !== null && !(mapped.ip === local?.ip && mapped.port === local.port),
		);
		if (!this.#train.hasStarted && translated?.mapped != null && isAffordable) {
			actions.push(...this.#train.prepare(translated.mapped));
			if (this.#train.isReady() && this.#mayStartTrain(now)) {
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

	/** The servers to ask are known, and nothing else is about to make a mapping. */
	#mayStartTrain(now: number): boolean {
		const { mapping } = this.#knowledge;
		if (mapping.trusted.length === 0 || now < this.#freeAt) return false;
		return !this.#wanted.some(({ id }) => {
			const probe = this.#table.get(id);
			if (probe === undefined || probe.sends.length > 0) return false;
			const due = this.#table.dueAt(probe);
			return due !== null && due <= now && this.#affords(probe);
		});
	}

	#runHairpin(now: number, actions: Action[]): void {
		if (!this.#settings.hairpinning || this.#train.judgement === null) return;
		if (now < this.#freeAt) return;
		this.#hairpin.start(this.#train, this.#knowledge.externalIp, now);
		for (const spec of this.#hairpin.due(now)) {
			if (this.#table.datagrams < this.#budget) this.#send(spec, now, actions);
		}
	}

	/** TCP connections from one local port to a server's two addresses: before the port train or after it. */
	#runTcp(now: number, actions: Action[]): void {
		if (!this.#settings.tcp || this.#train.isRunning(now)) return;
		const next = this.#tcp.next(this.#knowledge, now);
		if (next.length === 0) return;
		this.#freeAt = Math.max(this.#freeAt, now + PACE);
		actions.push(...next);
	}

	/** Whether it is over, and why. */
	#end(now: number): Ending | null {
		const { mapping, filtering, servers } = this.#knowledge;
		if (this.#sockets.failure("map") !== null) return "no-socket";
		if (now >= this.#deadline) return "timeout";
		if (servers.length === 0) return this.#isExhausted && this.#sought === 0 ? "no-servers" : null;
		if (servers.every(({ alive }) => !alive)) return this.#endOfSilence(now);
		if (!mapping.decided || !this.#tcp.isOver(this.#knowledge, now)) return null;
		// Without a verdict on the mapping no server is trusted about anything else.
		if (mapping.behaviour === "unknown") return this.#canAskMore ? null : "complete";
		return filtering.decided && this.#portsOver(now) ? "complete" : null;
	}

	/** No server has answered: is that proof? A refusal is not silence, and one server's silence proves nothing. */
	#endOfSilence(now: number): Ending | null {
		const primaries = this.#servers.map((_, index) => this.#table.get(probeId.primary(index)));
		const refused = primaries.filter((probe) => probe?.failure != null).length;
		if (refused === primaries.length) return this.#canAskMore ? null : "refused";
		if (now < this.#table.firstSentAt + SERVER_TIMEOUT) return null;
		const silent = primaries.filter(
			(probe) => probe !== undefined && probe.failure === null && probe.sends.length >= SILENCE_SENDS,
		).length;
		if (silent >= Math.max(2, Math.min(BLOCKED_SERVERS, primaries.length))) return "blocked";
		const isOver = this.#knowledge.servers.every((server) => server.silent);
		if (!isOver || this.#canAskMore) return null;
		return refused > 0 ? "refused" : "unanswered";
	}

	get #canAskMore(): boolean {
		return this.#knowledge.canAskMore;
	}

	#portsOver(now: number): boolean {
		if (!this.#settings.delta || this.#knowledge.mapping.behaviour === "none") return true;
		if (this.#train.failure !== null) return true;
		if (this.#train.judgement === null) return false;
		return !this.#settings.hairpinning || this.#hairpin.isOver(now);
	}
}
