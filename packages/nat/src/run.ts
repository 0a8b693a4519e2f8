import type { Clock, RandomBytes } from "@p2pd/net";
import { TIMEOUT } from "./defaults.js";
import { Discovery, type DiscoverySettings } from "./discovery.js";
import type { Action, PickNumber } from "./probes.js";
import { StunSockets } from "./stun-sockets.js";
import { checkTcpMapping } from "./tcp.js";
import type { NatSockets } from "./types.js";

/** What a run needs. */
export interface RunParts {
	readonly sockets: NatSockets;
	readonly clock: Clock;
	readonly random: RandomBytes;
	readonly signal?: AbortSignal;
}

/**
 * Carries a discovery out on real sockets: does what the machine says, and tells it what happens.
 *
 * @param onChange - called after every step
 * @throws the signal's reason
 */
export async function runDiscovery(
	settings: DiscoverySettings,
	{ sockets, clock, random, signal }: RunParts,
	onChange: (discovery: Discovery) => void,
): Promise<Discovery> {
	signal?.throwIfAborted();
	const discovery = new Discovery(settings, picker(random), clock.now());
	const stop = new AbortController();
	const tcp = new Set<Promise<void>>();
	let timer: unknown;
	let finish: () => void = () => undefined;
	const over = new Promise<void>((resolve) => {
		finish = resolve;
	});

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
			hairpinned: () => then(() => discovery.hairpinned()),
		},
	});

	const perform = (action: Action): void => {
		if (action.kind === "open") stun.open(action.socket, action.port);
		else if (action.kind === "send") stun.send(action.probe, action.send);
		else tcp.add(runTcp(action));
	};
	const runTcp = async ({ primary, other, localPort }: Action & { kind: "tcp" }): Promise<void> => {
		const { localIp } = settings;
		const parts = { sockets, clock, random, signal: stop.signal, localIp, localPort };
		const verdict = await checkTcpMapping(primary, other, parts);
		then(() => discovery.tcpDone(verdict));
	};
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
	const abort = (): void => finish();
	signal?.addEventListener("abort", abort, { once: true });
	try {
		advance();
		await over;
		signal?.throwIfAborted();
		return discovery;
	} finally {
		signal?.removeEventListener("abort", abort);
		clock.clearTimeout(timer);
		stop.abort(new Error("the discovery is over"));
		await Promise.all(tcp);
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
