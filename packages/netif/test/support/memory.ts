import { StunServerMemory } from "@p2pd/stun-client";
import { createStunResponder } from "@p2pd/stun-client/server";
import {
	buildNetwork,
	type ManualClock,
	type MemoryNetwork,
	type ServicePlace,
	type Topology,
} from "@p2pd/testnet";
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
	const net = buildNetwork(topology, {
		services: {
			stun: ({ primary, alternate }: ServicePlace) =>
				createStunResponder({ primary, ...(alternate ? { alternate } : {}), rate: 0 }),
		},
	});
	const { clock } = net;
	const machine = net.host(host);
	let sent = 0;
	net.watch((event) => {
		if (event.what === "sent" && event.where === host) sent++;
	});
	const taken = snapshot(nics);
	return {
		net,
		clock,
		sent: () => sent,
		servers: (af) =>
			topology.outside.flatMap(({ ips, services }) => {
				const ip = ips.find((each) => each.includes(":") === (af === 6));
				const port = services?.find(({ kind }) => kind === "stun")?.port;
				return ip && port ? [af === 6 ? `[${ip}]:${port}` : `${ip}:${port}`] : [];
			}),
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
