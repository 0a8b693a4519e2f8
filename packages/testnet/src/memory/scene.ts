import type { Topology } from "../topology.js";
import { buildNetwork } from "./build-network.js";
import type { ManualClock } from "./manual-clock.js";
import type { MemoryNetwork } from "./network.js";
import type { ServicePlace } from "./services.js";
import type { DatagramHandler, Family, HostPort } from "./types.js";

/** Makes a server's handler from that of an honest one, or replaces it. */
export type ServerFault = (
	honest: DatagramHandler,
	place: ServicePlace,
	/** The network, for what happens later (its clock, for instance). */
	network: () => MemoryNetwork,
) => DatagramHandler;

/** What a scene is made with. */
export interface SceneParts {
	/** Makes the handler of an honest STUN server: this package knows no protocol. */
	readonly stun: (place: ServicePlace) => DatagramHandler;
	/** Servers that are not honest, by the name of the outside host (`stun0`). @default none */
	readonly faults?: Readonly<Record<string, ServerFault>>;
	/** @default 1 */
	readonly seed?: number;
}

/** A network with STUN servers, and what tests read from it. */
export interface Scene {
	readonly network: MemoryNetwork;
	readonly clock: ManualClock;
	/** The first address of each STUN server of a family, in the order of the topology. */
	servers(af: Family): readonly HostPort[];
	/** How many UDP datagrams a host has put on the wire. @param host default: the first inside host */
	sent(host?: string): number;
}

/** Builds the network of a topology (`oneGateway`, `twoGateways` or your own) with STUN servers on it. */
export function buildScene(topology: Topology, { stun, faults = {}, seed = 1 }: SceneParts): Scene {
	const built: { network?: MemoryNetwork } = {};
	const network = (): MemoryNetwork => {
		if (built.network === undefined) throw new Error("the network is not built yet");
		return built.network;
	};
	const places: ServicePlace[] = [];
	built.network = buildNetwork(topology, {
		seed,
		services: {
			stun: (place) => {
				places.push(place);
				const fault = faults[place.name];
				return fault === undefined ? stun(place) : fault(stun(place), place, network);
			},
		},
	});
	const counts = new Map<string, number>();
	built.network.watch(({ what, where, packet }) => {
		if (what === "sent" && packet.proto === "udp") counts.set(where, (counts.get(where) ?? 0) + 1);
	});
	return {
		network: built.network,
		clock: built.network.clock,
		servers: (af) => places.filter((place) => place.af === af).map(({ primary }) => primary),
		sent: (host = topology.hosts[0]?.name ?? "") => counts.get(host) ?? 0,
	};
}
