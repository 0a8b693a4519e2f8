import { TopologyError } from "./errors.js";
import type { Fabric, Watcher } from "./fabric.js";
import type { Gateway } from "./gateway/gateway.js";
import { Nat } from "./gateway/nat.js";
import type { Host } from "./host.js";
import type { ManualClock } from "./manual-clock.js";
import type { Cable } from "./nic.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Family } from "./types.js";

/** What a network is made of, by name. */
export interface NetworkParts {
	readonly fabric: Fabric;
	readonly random: SeededRandom;
	readonly hosts: ReadonlyMap<string, Host>;
	readonly gateways: ReadonlyMap<string, Gateway>;
	readonly cables: ReadonlyMap<string, Cable>;
}

/** A network in memory, ready to run. Nothing happens in it but by its clock. */
export class MemoryNetwork {
	readonly clock: ManualClock;
	/** For the code under test: a stream of its own. */
	readonly random: SeededRandom;
	readonly #parts: NetworkParts;

	constructor(parts: NetworkParts) {
		this.clock = parts.fabric.clock;
		this.random = parts.random;
		this.#parts = parts;
	}

	/** An inside or outside host. @throws TopologyError */
	host(name: string): Host {
		return known(this.#parts.hosts, name, "host");
	}

	/** @throws TopologyError */
	gateway(name: string): Gateway {
		return known(this.#parts.gateways, name, "gateway");
	}

	/** The NAT of a gateway, to read its mappings or to reset it. @throws TopologyError if the gateway does not translate */
	nat(name: string, af: Family = 4): Nat {
		const translator = this.gateway(name).translators[af];
		if (!(translator instanceof Nat)) throw new TopologyError(name, `is no NAT for IPv${af}`);
		return translator;
	}

	/** The link of a host's NIC ("client:eth0"), of an outside host or of a gateway's outside (its name). @throws TopologyError */
	link(name: string): Cable {
		return known(this.#parts.cables, name, "link");
	}

	/** Calls `watcher` for all that happens to packets from now on. @returns what ends it */
	watch(watcher: Watcher): () => void {
		return this.#parts.fabric.watch(watcher);
	}
}

function known<T>(all: ReadonlyMap<string, T>, name: string, what: string): T {
	const found = all.get(name);
	if (found === undefined)
		throw new TopologyError(name, `no such ${what}; there are ${[...all.keys()].join(", ")}`);
	return found;
}
