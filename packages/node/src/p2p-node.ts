import { createHash } from "node:crypto";
import type { Socket as DatagramSocket } from "node:dgram";
import { setMaxListeners } from "node:events";
import type { Server } from "node:net";
import { inspect } from "node:util";
import {
	type Clock,
	type Family,
	is,
	isFamily,
	objectProblem,
	type RandomBytes,
	systemClock,
	systemRandom,
} from "@p2pd/net";
import { createIdentity, loadIdentity, PeerAddress, PeerIdentity } from "@p2pd/peer";
import type { Pipe } from "@p2pd/pipe";
import { TCP, UDP } from "@p2pd/pipe";
import { signAddress } from "./address.js";
import { Calls } from "./connect/call.js";
import type { NodeCore } from "./connect/core.js";
import { Dial } from "./connect/dial.js";
import { Intake } from "./connect/intake.js";
import {
	CONNECT_TIMEOUT,
	GATHER_TIMEOUT,
	MAX_KNOWN_PEERS,
	PATHS,
	PORT_RANGE,
	RENEWAL,
	SIGNAL_TIMEOUT,
} from "./defaults.js";
import { NodeArgumentError, NodeListenError, NodeLostError, NodeStateError } from "./errors.js";
import { Inbox, type Incoming } from "./inbox.js";
import { type NodeNetwork, systemNetwork } from "./network.js";
import { type NodeObserver, StunObserver } from "./observe.js";
import { PortMaps } from "./port-maps.js";
import type { SecureLink } from "./secure/link.js";
import { SignalPool } from "./signals.js";
import { directStrategy } from "./strategies/direct.js";
import { lanStrategy } from "./strategies/lan.js";
import { punchStrategy } from "./strategies/punch.js";
import { relayStrategy } from "./strategies/relay.js";
import { reverseStrategy } from "./strategies/reverse.js";
import type { NodeStrategy } from "./strategies/types.js";
import type {
	NodeAddressCallback,
	NodeBase,
	NodeConnected,
	NodeConnection,
	NodeConnectionCallback,
	NodeConnectOptions,
	NodeOptions,
} from "./types.js";

/** What the environment supplies to a node. */
export interface NodeDeps {
	/** @default this host's */
	readonly network?: NodeNetwork;
	/** @default the STUN servers of the options, of P2PD_STUN_SERVERS, or the public default list */
	readonly observer?: NodeObserver;
	/** The ways to connect. @default all that there are */
	readonly strategies?: readonly NodeStrategy[];
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
	/** Milliseconds since 1970. @default `Date.now` */
	readonly wallNow?: () => number;
	/** @default the system's cryptographic source */
	readonly random?: RandomBytes;
}

const STRATEGIES: readonly NodeStrategy[] = [
	lanStrategy,
	directStrategy,
	reverseStrategy,
	punchStrategy,
	relayStrategy,
];

/**
 * A node: it has an address that other nodes connect to, and connects to theirs, through NATs, encrypted from end to end.
 * Nothing is opened or sent before `start()`.
 */
export class P2PNode {
	readonly #options: NodeOptions;
	readonly #clock: Clock;
	readonly #wallNow: () => number;
	readonly #random: RandomBytes;
	readonly #network: NodeNetwork;
	readonly #observer: NodeObserver;
	readonly #strategies: readonly NodeStrategy[];
	readonly #end = new AbortController();
	readonly #callbacks = new Set<NodeConnectionCallback>();
	readonly #dials = new Map<string, Dial>();
	readonly #addressCallbacks = new Set<NodeAddressCallback>();
	/** The links under the pipes. */
	readonly #pipes = new Map<Pipe, SecureLink>();
	/** The way that last led to a peer, the newest at the end. */
	readonly #lastWays = new Map<string, string>();
	readonly #working = new Set<Promise<unknown>>();
	readonly #servers: Server[] = [];
	readonly #datagrams: DatagramSocket[] = [];
	#bases: readonly NodeBase[] = [];
	/** Null before the node listens, and with `portMapping: false`. */
	#maps: PortMaps | null = null;
	#port = 0;
	#running: Running | null = null;
	#starting: Promise<this> | null = null;
	#address: PeerAddress | null = null;
	#renewal: unknown = null;

	/** @throws NodeArgumentError (`ERR_NODE_ARGUMENT`) for an option that is unknown or wrong */
	constructor(options: NodeOptions = {}, deps: NodeDeps = {}) {
		const problem = objectProblem(options, "options", NODE_OPTIONS);
		if (problem !== null) throw new NodeArgumentError(problem.path, problem.message);
		// Every attempt and connection listens to it.
		setMaxListeners(0, this.#end.signal);
		this.#options = options;
		this.#clock = deps.clock ?? systemClock;
		this.#wallNow = deps.wallNow ?? Date.now;
		this.#random = deps.random ?? systemRandom;
		this.#observer = deps.observer ?? new StunObserver(options.stunServers, process.env);
		this.#network = deps.network ?? systemNetwork(options);
		this.#strategies = deps.strategies ?? STRATEGIES;
	}

	/** The node id. @throws NodeStateError before `start()` */
	get id(): string {
		return this.#core().identity.id;
	}

	/** The node's address as it is now: give its text to the other side. @throws NodeStateError before `start()` */
	get address(): PeerAddress {
		if (this.#address === null) throw new NodeStateError("the node is not started");
		return this.#address;
	}

	/** The port that the node listens on. */
	get port(): number {
		return this.#port;
	}

	/**
	 * Listens, connects to the signal servers, finds out this host's addresses and NATs, and signs the address. A signal
	 * server that does not answer is no failure: it is tried again.
	 *
	 * @throws NodeListenError (`ERR_NODE_LISTEN`), PeerIdentityError, NodeStateError after `close()`, or the signal's reason
	 */
	start(call: { readonly signal?: AbortSignal } = {}): Promise<this> {
		if (this.#end.signal.aborted) return Promise.reject(this.#end.signal.reason);
		this.#starting ??= this.#start(call.signal);
		return this.#starting;
	}

	/** Calls back with each connection that a peer makes. @returns a function that stops it */
	onConnection(callback: NodeConnectionCallback): () => void {
		this.#callbacks.add(callback);
		return () => this.#callbacks.delete(callback);
	}

	/**
	 * Calls back with each new address of the node: the network has changed, or the address before was about to expire.
	 *
	 * @returns a function that stops it
	 */
	onAddress(callback: NodeAddressCallback): () => void {
		this.#addressCallbacks.add(callback);
		return () => this.#addressCallbacks.delete(callback);
	}

	/**
	 * Looks at the network again, and signs a new address. The node does so by itself when it notices a change (`watch`).
	 * Connections whose local address is gone end with NodeLostError (`ERR_NODE_LOST`).
	 *
	 * @throws NodeStateError, or the signal's reason
	 */
	async refresh(call: { readonly signal?: AbortSignal } = {}): Promise<PeerAddress> {
		const { identity, signals } = this.#core();
		const ends =
			call.signal === undefined ? this.#end.signal : AbortSignal.any([call.signal, this.#end.signal]);
		const { gatherTimeout = GATHER_TIMEOUT } = this.#options;
		const [bases] = await Promise.all([
			this.#network.gather({ timeout: gatherTimeout, signal: ends }),
			this.#maps?.update(),
		]);
		this.#bases = bases;
		const here = new Set(this.#bases.map(({ ip }) => ip));
		for (const link of [...this.#pipes.values()]) {
			const { local } = link;
			// A loopback address cannot be lost.
			const ip = local.ip.replace(/%.*$/, "").replace(/^::ffff:/, "");
			if (!here.has(ip) && !/^(?:127\.|::1$|0\.0\.0\.0$|::$)/.test(ip)) link.lose(new NodeLostError(ip));
		}
		this.#renewAddress(identity, signals);
		return this.address;
	}

	/**
	 * Connects to a node by its address: its text, or a {@link PeerAddress}. All ways are raced, the best first.
	 *
	 * @throws PeerAddressError (`ERR_PEER_ADDRESS_...`) for a text that is no address, NodeConnectError
	 * (`ERR_NODE_CONNECT`) with each way and its reason, NodeArgumentError, NodeStateError, or the signal's reason
	 */
	async connect(to: string | PeerAddress, options: NodeConnectOptions = {}): Promise<NodeConnected> {
		const problem = objectProblem(options, "options", CONNECT_OPTIONS);
		if (problem !== null) throw new NodeArgumentError(problem.path, problem.message);
		const core = this.#core();
		const address = typeof to === "string" ? PeerAddress.parse(to) : to;
		if (!(address instanceof PeerAddress))
			throw new NodeArgumentError("to", "must be a text or a PeerAddress");
		if (address.id === core.identity.id) throw new NodeArgumentError("to", "is this node's own address");
		const {
			transport = TCP,
			timeout = CONNECT_TIMEOUT,
			via = PATHS,
			onAttempt = () => undefined,
			signal,
		} = options;
		const ends = signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]);
		const prefer = this.#lastWays.get(address.id) ?? null;
		const dial = new Dial(core, address, { transport, timeout, via, onAttempt, signal: ends, prefer });
		const { attempt } = dial.session;
		this.#dials.set(attempt, dial);
		return this.#track(
			(async () => {
				try {
					const { attempts, link, ms, path, rttMs, way } = await dial.run();
					this.#remember(address.id, way);
					const pipe = await this.#openPipe(link);
					return { pipe, id: address.id, path, transport, ms, rttMs, attempts };
				} finally {
					this.#dials.delete(attempt);
				}
			})(),
		);
	}

	/** Ends everything: connections, attempts, sockets and signals that the node opened. */
	async close(): Promise<void> {
		if (this.#end.signal.aborted) {
			await this.#closed;
			return;
		}
		this.#end.abort(new NodeStateError("the node is closed"));
		this.#closed = this.#close();
		await this.#closed;
	}

	#closed: Promise<void> | null = null;

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	[inspect.custom](): string {
		if (this.#running === null) return "P2PNode { not started }";
		return `P2PNode { ${this.id} port ${this.#port}, ${this.#pipes.size} connections }`;
	}

	async #start(signal: AbortSignal | undefined): Promise<this> {
		const ends = signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]);
		const identity = await readIdentity(this.#options.identity);
		ends.throwIfAborted();
		await this.#listen(identity, ends);
		const inbox = new Inbox({
			identity,
			clock: this.#clock,
			wallNow: this.#wallNow,
			random: this.#random,
			onMessage: (incoming) => this.#receive(incoming),
		});
		const signals = new SignalPool(this.#options.signal ?? [], identity, (one) => inbox.add(one));
		const core = this.#makeCore(identity, inbox, signals);
		const calls = new Calls(core, (link, id, attempt, until) => this.#takeLink(link, id, attempt, until));
		const intake = new Intake({
			core,
			session: (attempt) => this.#dials.get(attempt)?.session ?? calls.session(attempt),
			onSessionLink: (attempt, link) => {
				const dial = this.#dials.get(attempt);
				if (dial !== undefined) dial.session.deliverLink(link);
				else calls.deliverLink(attempt, link);
			},
			onHelloLink: (link, id, attempt) => this.#takeLink(link, id, attempt, this.#end.signal),
		});
		this.#running = { core, inbox, signals, calls, intake };
		for (const server of this.#servers) intake.listen(server);
		for (const socket of this.#datagrams) intake.listenDatagrams(socket);
		const { gatherTimeout = GATHER_TIMEOUT, portMapping = true } = this.#options;
		if (portMapping) this.#maps = this.#makeMaps(identity, signals);
		const [bases] = await Promise.all([
			this.#network.gather({ timeout: gatherTimeout, signal: ends }),
			this.#signalsReady(signals, ends),
			this.#maps?.update(),
		]);
		this.#bases = bases;
		this.#sign(identity, signals);
		if (this.#options.watch !== false) void this.#track(this.#watch());
		return this;
	}

	/** Waits for the first signal server, but not for long. */
	async #signalsReady(signals: SignalPool, ends: AbortSignal): Promise<void> {
		if (signals.own.length === 0) return;
		const over = new AbortController();
		const timer = this.#clock.setTimeout(() => over.abort(), SIGNAL_TIMEOUT);
		const signal = AbortSignal.any([ends, over.signal]);
		try {
			await Promise.any(signals.own.map((one) => one.ready({ signal })));
		} catch {
			ends.throwIfAborted();
		} finally {
			this.#clock.clearTimeout(timer);
			over.abort();
		}
	}

	/** Signs anew when the network has changed. */
	async #watch(): Promise<void> {
		try {
			for await (const _change of this.#network.changes(this.#end.signal)) await this.refresh();
		} catch (error) {
			if (!this.#end.signal.aborted) process.emitWarning(error as Error);
		}
	}

	#makeMaps(identity: PeerIdentity, signals: SignalPool): PortMaps {
		return new PortMaps({
			network: this.#network,
			clock: this.#clock,
			port: this.#port,
			onChange: () => {
				// The first address is signed by start(), with what is forwarded by then.
				if (this.#address !== null && !this.#end.signal.aborted) this.#renewAddress(identity, signals);
			},
		});
	}

	#renewAddress(identity: PeerIdentity, signals: SignalPool): void {
		this.#sign(identity, signals);
		for (const callback of this.#addressCallbacks) callback(this.address);
	}

	#sign(identity: PeerIdentity, signals: SignalPool): void {
		this.#clock.clearTimeout(this.#renewal);
		this.#renewal = this.#clock.setTimeout(() => this.#renewAddress(identity, signals), RENEWAL);
		this.#address = signAddress({
			identity,
			signals: signals.urls,
			bases: this.#bases,
			mapped: this.#maps?.ports ?? [],
			port: this.#port,
			lanAddresses: this.#options.lanAddresses ?? true,
			now: this.#wallNow(),
			previous: this.#address,
		});
	}

	async #listen(identity: PeerIdentity, signal: AbortSignal): Promise<void> {
		const { port } = this.#options;
		const families = this.#options.families ?? [4, 6];
		try {
			await this.#listenOn(port ?? derivedPort(identity), families, signal);
		} catch (cause) {
			signal.throwIfAborted();
			await this.#stopListening();
			if (port !== undefined && port !== 0) {
				throw new NodeListenError(`cannot listen on port ${port}: ${(cause as Error).message}`, { cause });
			}
			await this.#listenOn(0, families, signal);
		}
	}

	async #listenOn(port: number, families: readonly Family[], signal: AbortSignal): Promise<void> {
		for (const af of families) {
			try {
				const sockets = this.#network.sockets(af);
				const server = await sockets.listen({ port: this.#port || port, signal });
				this.#servers.push(server);
				const bound = server.address();
				if (bound !== null && typeof bound !== "string") this.#port = bound.port;
				this.#datagrams.push(await sockets.udp({ port: this.#port, signal }));
			} catch (error) {
				// A host may be without one of the families.
				if (this.#servers.length > 0 || af !== families.at(-1)) {
					if (isMissingFamily(error)) continue;
				}
				throw error;
			}
		}
		if (this.#servers.length === 0) throw new NodeListenError("this host has no address family to listen on");
	}

	async #stopListening(): Promise<void> {
		const servers = this.#servers.splice(0);
		// Those that the intake has are closed by it.
		if (this.#running === null) for (const socket of this.#datagrams.splice(0)) socket.close();
		this.#port = 0;
		await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
	}

	#receive(incoming: Incoming): void {
		const running = this.#running;
		if (running === null || this.#end.signal.aborted) return;
		const dial = this.#dials.get(incoming.message.attempt);
		if (dial !== undefined) dial.receive(incoming);
		else running.calls.receive(incoming);
	}

	/** A link of a peer's: it becomes a connection when the dialer chooses it. */
	#takeLink(link: SecureLink, id: string, attempt: string, until: AbortSignal): void {
		const work = (async () => {
			let pipe: Pipe;
			let connection: NodeConnection;
			try {
				const path = await link.selected(this.#joined(until));
				this.#running?.calls.finish(attempt);
				if (this.#callbacks.size === 0) throw new NodeStateError("nobody takes connections");
				link.accept();
				pipe = await this.#openPipe(link);
				connection = { pipe, id, path, transport: link.transport, rttMs: null };
			} catch {
				// The dialer chose another one, or is gone.
				link.close();
				return;
			}
			for (const callback of this.#callbacks) callback(pipe, connection);
		})();
		void this.#track(work);
	}

	/** The way that worked is tried first the next time. */
	#remember(id: string, way: string): void {
		this.#lastWays.delete(id);
		this.#lastWays.set(id, way);
		const [oldest] = this.#lastWays.keys();
		if (this.#lastWays.size > MAX_KNOWN_PEERS && oldest !== undefined) this.#lastWays.delete(oldest);
	}

	#joined(signal: AbortSignal): AbortSignal {
		return AbortSignal.any([signal, this.#end.signal]);
	}

	async #openPipe(link: SecureLink): Promise<Pipe> {
		const pipe = await link.open(this.#options.pipe ?? {});
		this.#pipes.set(pipe, link);
		pipe.onEnd(() => this.#pipes.delete(pipe));
		if (this.#end.signal.aborted) await pipe.close();
		return pipe;
	}

	async #close(): Promise<void> {
		await this.#starting?.catch(() => undefined);
		this.#clock.clearTimeout(this.#renewal);
		const unmapped = this.#maps?.close();
		const stopped = this.#stopListening();
		const running = this.#running;
		if (running !== null) {
			await Promise.all([running.intake.close(), running.calls.close()]);
			await Promise.allSettled(this.#working);
			await running.signals.close();
			await running.inbox.ended();
		}
		await Promise.all([...this.#pipes.keys()].map((pipe) => pipe.close()));
		running?.intake.closePorts();
		await Promise.all([stopped, unmapped]);
	}

	#track<T>(work: Promise<T>): Promise<T> {
		const tracked = work.finally(() => this.#working.delete(tracked));
		this.#working.add(tracked);
		return tracked;
	}

	#core(): NodeCore {
		this.#end.signal.throwIfAborted();
		if (this.#running === null || this.#address === null) throw new NodeStateError("the node is not started");
		return this.#running.core;
	}

	#makeCore(identity: PeerIdentity, inbox: Inbox, signals: SignalPool): NodeCore {
		const node = this;
		return {
			identity,
			inbox,
			signals,
			strategies: this.#strategies,
			clock: this.#clock,
			random: this.#random,
			wallNow: this.#wallNow,
			get address() {
				return node.address;
			},
			accepts: async (id) => (await node.#options.accept?.(id)) ?? true,
			sessionParts: () => ({
				ourId: identity.id,
				ours: node.address,
				bases: node.#bases,
				turn: node.#options.turn ?? [],
				observer: node.#observer,
				clock: node.#clock,
				random: node.#random,
				sockets: (af: Family) => node.#network.sockets(af),
			}),
		};
	}
}

interface Running {
	readonly core: NodeCore;
	readonly inbox: Inbox;
	readonly signals: SignalPool;
	readonly calls: Calls;
	readonly intake: Intake;
}

const NODE_OPTIONS = {
	signal: is.listOf(is.either("a URL or a Signal", is.filledText, is.object), { max: 4 }),
	turn: is.listOf(is.filledText, { max: 8 }),
	identity: is.either(
		"a PeerIdentity or the name of a file",
		is.filledText,
		is.a("a PeerIdentity", (value) => value instanceof PeerIdentity),
	),
	port: is.port,
	stunServers: is.listOf(is.filledText),
	nics: is.listOf(is.filledText, { max: 16 }),
	families: is.listOf(is.a("4 or 6", isFamily)),
	lanAddresses: is.boolean,
	portMapping: is.boolean,
	accept: is.function,
	gatherTimeout: is.timeout,
	watch: is.boolean,
	pipe: is.object,
};

const CONNECT_OPTIONS = {
	transport: is.oneOf(TCP, UDP),
	timeout: is.timeout,
	via: is.listOf(is.oneOf(...PATHS)),
	onAttempt: is.function,
	signal: is.signal,
};

async function readIdentity(given: PeerIdentity | string | undefined): Promise<PeerIdentity> {
	if (given === undefined) return createIdentity();
	return typeof given === "string" ? loadIdentity(given) : given;
}

/** The same for the same keys, so that a router's rule stays right. */
function derivedPort({ signing }: PeerIdentity): number {
	const hash = createHash("sha256").update("p2pd port 1").update(signing).digest();
	return PORT_RANGE.first + (hash.readUInt32BE(0) % PORT_RANGE.count);
}

function isMissingFamily(error: unknown): boolean {
	const { code, errno, cause } = error as { code?: unknown; errno?: unknown; cause?: { code?: unknown } };
	return [code, errno, cause?.code].some((one) => one === "EAFNOSUPPORT" || one === "EADDRNOTAVAIL");
}
