import { setMaxListeners } from "node:events";
import { abortable, type Clock, type Endpoint, type RandomBytes } from "@p2pd/net";
import { TIMEOUT } from "./defaults.js";
import { Discovery, type DiscoverySettings } from "./discovery.js";
import { NatSocketError } from "./errors.js";
import type { ServerCandidate } from "./knowledge.js";
import type { Action, PickNumber } from "./probes.js";
import { StunSockets, sourceAddress } from "./stun-sockets.js";
import { checkTcpMapping } from "./tcp.js";
import type { NatSockets } from "./types.js";

/** What a run needs. */
export interface RunDeps {
	readonly sockets: NatSockets;
	readonly clock: Clock;
	readonly random: RandomBytes;
	/** Finds the next server to ask; null if there is none. It is called again while it is at work. */
	readonly nextServer: (signal: AbortSignal) => Promise<ServerCandidate | null>;
}

/**
 * Carries a discovery out on real sockets: does what the machine says, and tells it what happens.
 *
 * @param onChange - called after every step
 * @throws NatSocketError (`ERR_NAT_SOCKET`) if the local address cannot be found for want of a socket
 * @throws the signal's reason
 */
export async function runDiscovery(
	settings: DiscoverySettings,
	{ sockets, clock, random, nextServer }: RunDeps,
	signal: AbortSignal | undefined,
	onChange: (discovery: Discovery) => void,
): Promise<Discovery> {
	signal?.throwIfAborted();
	const discovery = new Discovery(settings, picker(random), clock.now());
	const stop = new AbortController();
	// Every server that is looked up listens to it.
	setMaxListeners(0, stop.signal);
	const running = new Set<Promise<void>>();
	/** Where the other address of a server goes that is asked over TCP, by server. */
	const others = new Map<number, (other: Endpoint) => void>();
	let timer: unknown;
	let localIp: Promise<string | null> | null = null;
	let finish: () => void = () => undefined;
	let fail: (reason: unknown) => void = () => undefined;
	const over = new Promise<void>((resolve, reject) => {
		finish = resolve;
		fail = reject;
	});
	// It may fail before it is awaited.
	over.catch(() => undefined);

	const stun = new StunSockets({
		sockets,
		clock,
		random,
		answersFor: settings.timeout ?? TIMEOUT,
		events: {
			opened: (name, port) => then(() => discovery.socketOpened(name, port)),
			openFailed: (name, error) => then(() => discovery.socketFailed(name, error.message)),
			replied: (id, send, reply, at) => then(() => discovery.replied(id, send, reply, at)),
			sendFailed: (id, error) => then(() => discovery.sendFailed(id, error.message)),
			refused: (server, error) => then(() => discovery.refused(server, error.message)),
			hairpinned: () => then(() => discovery.hairpinned()),
		},
	});

	const advance = (): void => {
		if (discovery.ending !== null || stop.signal.aborted) return;
		clock.clearTimeout(timer);
		const now = clock.now();
		for (const action of discovery.step(now)) perform(action);
		onChange(discovery);
		if (discovery.ending !== null) finish();
		else timer = clock.setTimeout(advance, Math.max(0, discovery.nextAt(now) - now));
	};
	const then = (event: () => void): void => {
		if (discovery.ending !== null || stop.signal.aborted) return;
		event();
		advance();
	};
	const perform = (action: Action): void => {
		if (action.kind === "open") stun.open(action.socket, action.port);
		else if (action.kind === "send") stun.send(action.probe, action.send);
		else if (action.kind === "tcp") track(checkTcp(action));
		else if (action.kind === "tcp-other") others.get(action.server)?.(action.other);
		else for (let left = action.count; left > 0; left--) track(findServer());
	};
	const track = (work: Promise<void>): void => {
		const tracked = work.catch(fail).finally(() => running.delete(tracked));
		running.add(tracked);
	};
	const checkTcp = async ({ server, primary, localPort }: Action & { kind: "tcp" }): Promise<void> => {
		const other = (): Promise<Endpoint> =>
			new Promise((resolve) => {
				others.set(server, resolve);
				then(() => discovery.tcpAnswered(server, clock.now()));
			});
		const tcpDeps = { sockets, clock, random, localIp: await localIp, localPort, other };
		const verdict = await checkTcpMapping(primary, tcpDeps, stop.signal);
		then(() => discovery.tcpDone(server, verdict));
	};
	const findServer = async (): Promise<void> => {
		const server = await abortable(nextServer(stop.signal), stop.signal);
		if (server === null) {
			then(() => discovery.serversExhausted());
			return;
		}
		localIp ??= sourceAddress(sockets, server).catch((error: unknown) => {
			throw new NatSocketError("no UDP socket could be made", { cause: error });
		});
		const ip = await localIp;
		then(() => discovery.serverFound(server, ip));
	};
	const abort = (): void => fail(signal?.reason);
	signal?.addEventListener("abort", abort, { once: true });
	try {
		advance();
		await over;
		return discovery;
	} finally {
		signal?.removeEventListener("abort", abort);
		clock.clearTimeout(timer);
		stop.abort(new Error("the discovery is over"));
		await Promise.all(running);
		await stun.close();
	}
}

/** Random whole numbers from random bytes; the bias of the remainder is below 2^-32. */
function picker(random: RandomBytes): PickNumber {
	return (min, max) => {
		const bytes = random(6);
		let value = 0;
		for (const byte of bytes) value = value * 256 + byte;
		return min + (value % (max - min + 1));
	};
}
