import { endpointText } from "@p2pd/net";
import { StunServerMemory } from "@p2pd/stun-client";
import { createStunResponder } from "@p2pd/stun-client/server";
import { buildScene, type ManualClock, type MemoryNetwork, type Topology } from "@p2pd/testnet";
import type { InterfaceDeps, NicInfo } from "../../src/index.js";
import { netifacesOf, snapshot } from "./snapshots.js";

/** A network in memory, and what an interface on one of its hosts is given. */
export interface Scene {
	readonly net: MemoryNetwork;
	readonly clock: ManualClock;
	readonly deps: Partial<InterfaceDeps>;
	/** The STUN servers' first addresses of a family. */
	servers(af: 4 | 6): string[];
	/** How many datagrams the host has sent so far. */
	sent(): number;
}

/** Builds it. The NICs are told apart from it: what the OS says is not what the network does. */
export function scene(topology: Topology, nics: readonly NicInfo[], host = "client"): Scene {
	const {
		network: net,
		clock,
		...built
	} = buildScene(topology, {
		stun: ({ primary, alternate }) =>
			createStunResponder({ primary, ...(alternate ? { alternate } : {}), rate: 0 }),
	});
	const machine = net.host(host);
	const taken = snapshot(nics);
	return {
		net,
		clock,
		sent: () => built.sent(host),
		servers: (af) => built.servers(af).map(endpointText),
		deps: {
			sockets: ({ af, nic, ip }) => machine.sockets(af, nic.name, ip),
			bind: async (route) => machine.sockets(route.af, route.nic?.name),
			netifaces: () => netifacesOf(taken),
			clock,
			random: (size) => net.random.bytes(size),
			env: {},
			memory: new StunServerMemory({ now: () => clock.now() }),
		},
	};
}
