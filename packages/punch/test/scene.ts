import type { Endpoint } from "@p2pd/net";
import {
	buildNetwork,
	type GatewaySpec,
	type ManualClock,
	type MemoryNetwork,
	type PairSide,
	type SeededRandom,
	type TwoGatewaysOptions,
	twoGateways,
} from "@p2pd/testnet";
import {
	BirthdayGate,
	type NatKind,
	type PunchChannel,
	type PunchNat,
	punchTcp,
	punchUdp,
	type TcpPunchResult,
	type UdpPunchResult,
} from "../src/index.js";

/** The gateway of a kind of NAT, as the in-memory network describes it. */
function sideOf({ type, delta, step }: NatKind): PairSide {
	if (type === 1) return { ipv4: { kind: "router" } };
	const firewall: GatewaySpec = { kind: "firewall", filtering: "address-and-port-dependent" };
	if (type === 2 || type === 7) return { ipv4: firewall, udpBlocked: type === 7 };
	const filtering =
		type === 3 ? "endpoint-independent" : type === 4 ? "address-dependent" : "address-and-port-dependent";
	const mapping = type === 6 ? "address-and-port-dependent" : "endpoint-independent";
	const kinds = {
		1: "random",
		2: "equal",
		3: "preserving",
		4: "independent",
		5: "dependent",
		6: "random",
	} as const;
	const kind = kinds[delta];
	const allocation = kind === "independent" || kind === "dependent" ? { kind, step } : { kind };
	return { ipv4: { kind: "nat", mapping, filtering, allocation } };
}

/** What a report would say of a kind. */
const natOf = ({ type, delta, step }: NatKind): PunchNat => ({
	type,
	delta: { type: delta, value: step },
});

/** What a channel does to messages. */
interface ChannelOptions {
	/** One way, in ms. */
	readonly latency: number;
	readonly loss?: number;
	readonly duplicate?: number;
	/** Added at random to each message, in ms. */
	readonly jitter?: number;
	/** Added to the messages that start a round, in ms: the peers then begin so much out of step. */
	readonly startLate?: number;
}

/** The byte of a channel message that says what it is, and its value for the start of a round. */
const TYPE_AT = 3;
const START = 2;

/** A queue that is read by one loop. */
export class Inbox implements AsyncIterable<Uint8Array> {
	readonly #queue: Uint8Array[] = [];
	#wake: (() => void) | null = null;
	#ended = false;
	returned = false;

	push(message: Uint8Array): void {
		this.#queue.push(message);
		this.#wake?.();
	}

	end(): void {
		this.#ended = true;
		this.#wake?.();
	}

	[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
		return {
			next: async () => {
				for (;;) {
					const value = this.#queue.shift();
					if (value !== undefined) return { done: false, value };
					if (this.#ended) return { done: true, value: undefined };
					await new Promise<void>((resolve) => {
						this.#wake = resolve;
					});
				}
			},
			return: async () => {
				this.returned = true;
				return { done: true, value: undefined };
			},
		};
	}
}

/** The two ends of a channel in memory. */
function channelPair(
	clock: ManualClock,
	random: SeededRandom,
	{ latency, loss = 0, duplicate = 0, jitter = 0, startLate = 0 }: ChannelOptions,
): [PunchChannel & { inbox: Inbox }, PunchChannel & { inbox: Inbox }] {
	const inboxes = [new Inbox(), new Inbox()] as const;
	const end = (own: Inbox, other: Inbox): PunchChannel & { inbox: Inbox } => ({
		inbox: own,
		messages: own,
		send: async (message) => {
			const copies = random.chance(loss) ? 0 : random.chance(duplicate) ? 2 : 1;
			const wait = latency + (message[TYPE_AT] === START ? startLate : 0);
			for (let i = 0; i < copies; i++) {
				clock.setTimeout(() => other.push(message), wait + (jitter > 0 ? random.float() * jitter : 0));
			}
		},
	});
	return [end(inboxes[0], inboxes[1]), end(inboxes[1], inboxes[0])];
}

/** Two peers on a network of their own. */
export interface Scene {
	readonly network: MemoryNetwork;
	readonly clock: ManualClock;
	readonly kinds: readonly [NatKind, NatKind];
	readonly channels: ReturnType<typeof channelPair>;
}

/** What a scene can be told. */
export interface SceneOptions extends Omit<TwoGatewaysOptions, "link"> {
	readonly seed?: number | string;
	/** Round trip between the peers, in ms. @default 100 */
	readonly rtt?: number;
	/** Chance that a packet is lost on its way from one peer to the other. @default 0 */
	readonly loss?: number;
	readonly channel?: Partial<ChannelOptions>;
	readonly topology?: (topology: ReturnType<typeof twoGateways>) => ReturnType<typeof twoGateways>;
}

/** Builds the network of two kinds of NAT, with a STUN server over UDP and TCP at 8.40.1.1:3478. */
export async function buildScene(a: NatKind, b: NatKind, options: SceneOptions = {}): Promise<Scene> {
	const { seed = 1, rtt = 100, loss = 0, channel = {}, topology: change = (same) => same, ...rest } = options;
	const link = { latency: rtt / 4, loss: 1 - Math.sqrt(1 - loss) };
	const topology = change(twoGateways(sideOf(a), sideOf(b), { ...rest, link }));
	const network = buildNetwork(topology, {
		seed,
		services: { stun: () => (_, from) => [{ data: Buffer.from(JSON.stringify(from)) }] },
	});
	for (const af of [4, 6] as const) {
		const server = await network.host("stun0").sockets(af, "eth0").listen({ port: 3478 });
		server.on("connection", (socket) => {
			socket.on("error", () => undefined);
			socket.write(JSON.stringify({ ip: socket.remoteAddress, port: socket.remotePort }));
		});
	}
	const { clock } = network;
	const channels = channelPair(clock, network.random.fork("channel"), { latency: rtt / 2, ...channel });
	return { network, clock, kinds: [a, b], channels };
}

/** The names of both peers' hosts; alice's id is the lower one. */
const PEERS = ["alice", "bob"] as const;
const STUN = { 4: "8.40.1.1", 6: "2a00:1450:1::1" } as const;

/** What a peer of a scene calls with; tests change what they are about. */
export function callOf(scene: Scene, who: 0 | 1, af: 4 | 6 = 4) {
	const { network, clock, kinds, channels } = scene;
	const sockets = network.host(PEERS[who]).sockets(af, "eth0");
	const options = {
		ourId: PEERS[who],
		theirId: PEERS[1 - who] ?? "",
		nats: { our: natOf(kinds[who]), their: natOf(kinds[who === 0 ? 1 : 0]) },
	};
	const deps = {
		sockets,
		channel: channels[who],
		clock,
		random: network.random.fork(`punch ${who}`).bytes,
	};
	const repeat = 150;
	const observeUdp = (socket: import("node:dgram").Socket, signal: AbortSignal): Promise<Endpoint | null> =>
		new Promise((resolve, reject) => {
			const ask = (): void => {
				socket.send("?", 3478, STUN[af], () => undefined);
				timer = clock.setTimeout(ask, repeat + 400);
			};
			let timer: unknown = null;
			const end = (): void => {
				clock.clearTimeout(timer);
				socket.off("message", onMessage);
			};
			const onMessage = (data: Buffer, from: { address: string }): void => {
				if (from.address !== STUN[af]) return;
				end();
				resolve(JSON.parse(data.toString()));
			};
			socket.on("message", onMessage);
			signal.addEventListener("abort", () => {
				end();
				reject(signal.reason);
			});
			ask();
		});
	const observeTcp = async (localPort: number, signal: AbortSignal) => {
		const socket = await sockets.connect({ ip: STUN[af], port: 3478, localPort, reuse: true, signal });
		socket.on("error", () => undefined);
		const seen = new Promise<Endpoint>((resolve, reject) => {
			socket.once("data", (data) => resolve(JSON.parse(data.toString())));
			signal.addEventListener("abort", () => reject(signal.reason));
			socket.once("close", () => reject(new Error("the connection ended")));
		});
		const external = await seen.catch((error: unknown) => {
			socket.destroy();
			throw error;
		});
		return { external, close: () => socket.destroy() };
	};
	return { options, deps, observeUdp, observeTcp };
}

/** Both peers punch at once. */
export async function bothUdp(scene: Scene, af: 4 | 6 = 4): Promise<[UdpPunchResult, UdpPunchResult]> {
	const one = (who: 0 | 1): Promise<UdpPunchResult> => {
		const { options, deps, observeUdp: observe } = callOf(scene, who, af);
		return punchUdp(options, { ...deps, observe, gate: new BirthdayGate() });
	};
	return scene.clock.runUntil(Promise.all([one(0), one(1)]));
}

/** Both peers punch at once. */
export async function bothTcp(scene: Scene, af: 4 | 6 = 4): Promise<[TcpPunchResult, TcpPunchResult]> {
	const one = (who: 0 | 1): Promise<TcpPunchResult> => {
		const { options, deps, observeTcp: observe } = callOf(scene, who, af);
		return punchTcp(options, { ...deps, observe }).then((result) => {
			// A connection that the peer resets before the other result is there must not end the process.
			if (result.ok) result.socket.on("error", () => undefined);
			return result;
		});
	};
	return scene.clock.runUntil(Promise.all([one(0), one(1)]));
}
