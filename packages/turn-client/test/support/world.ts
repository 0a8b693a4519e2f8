import type { SocketFactory } from "@p2pd/net";
import { buildNetwork, type LinkSpec, ManualClock, type MemoryNetwork } from "@p2pd/testnet";
import { type TurnDeps, type TurnRoute, type TurnRouteOptions, turnRoute } from "../../src/index.js";
import { TestTurnServer } from "./turn-server.js";

export const SERVER = { 4: "8.8.0.1", 6: "2a00:1450:1::1" } as const;
export const PEER = { 4: "8.8.1.1", 6: "2a00:1450:2::1" } as const;
export const STRANGER = { 4: "8.8.2.1", 6: "2a00:1450:3::1" } as const;

/** A client, a relay and two peers on one network in memory. */
export interface World {
	readonly clock: ManualClock;
	readonly network: MemoryNetwork;
	readonly server: TestTurnServer;
	/** The client's own sockets. */
	readonly client: SocketFactory;
	readonly peer: (af?: 4 | 6) => SocketFactory;
	readonly stranger: (af?: 4 | 6) => SocketFactory;
	/** Opens a route of the client's. */
	route(options?: Partial<TurnRouteOptions>): Promise<TurnRoute>;
	until<T>(promise: Promise<T>): Promise<T>;
}

/** @param link of the client; the relay and the peers have perfect ones */
export async function world(link: LinkSpec = {}, seed = 1): Promise<World> {
	const clock = new ManualClock();
	const outside = ([SERVER, PEER, STRANGER] as const).map((ips, n) => ({
		name: `o${n}`,
		ips: Object.values(ips),
	}));
	const network = buildNetwork(
		{
			outside,
			gateways: [],
			hosts: [
				{
					name: "client",
					nics: [{ name: "eth0", addresses: ["82.1.1.9/24", "2a02:8070::9/64"], gateway: null, link }],
				},
			],
		},
		{ clock, seed },
	);
	const at = (name: string, af: 4 | 6, ip: string): SocketFactory =>
		network.host(name).sockets(af, undefined, ip);
	const relays = ([4, 6] as const).map((af) => at("o0", af, SERVER[af]));
	const server = await TestTurnServer.start(at("o0", 4, SERVER[4]), relays, clock);
	const client = network.host("client").sockets(4);
	const deps: TurnDeps = { clock, random: (size) => network.random.bytes(size) };
	return {
		clock,
		network,
		server,
		client,
		peer: (af = 4) => at("o1", af, PEER[af]),
		stranger: (af = 4) => at("o2", af, STRANGER[af]),
		route: (options = {}) =>
			clock.runUntil(
				turnRoute(
					{
						server: SERVER[4],
						credentials: { username: "me", password: "secret" },
						sockets: client,
						...options,
					},
					deps,
				),
			),
		until: (promise) => clock.runUntil(promise),
	};
}
