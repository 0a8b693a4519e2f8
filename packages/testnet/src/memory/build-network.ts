import { everything, type Prefix, parseCidr, parsePrefix } from "../ip.js";
import type { GatewayTopology, HostTopology, LinkSpec, OutsideTopology, Topology } from "../topology.js";
import { TopologyError } from "./errors.js";
import { Fabric } from "./fabric.js";
import { Gateway, makeTranslator } from "./gateway/gateway.js";
import { Host } from "./host.js";
import { RouteTable } from "./ip-layer.js";
import { ManualClock } from "./manual-clock.js";
import { MemoryNetwork } from "./network.js";
import { Cable, Nic, type NicOwner } from "./nic.js";
import { SeededRandom } from "./seeded-random.js";
import { Segment } from "./segment.js";
import { type ServiceMakers, startServices } from "./services.js";
import type { Family } from "./types.js";

/** What a network is built with, beside its description. */
export interface BuildOptions {
	/** Same seed, same run. @default 1 */
	readonly seed?: number | string;
	/** @default a new one at 0 */
	readonly clock?: ManualClock;
	/** What the services of outside hosts run. */
	readonly services?: ServiceMakers;
}

const FAMILIES: readonly Family[] = [4, 6];

/**
 * Builds the network that a topology describes.
 * @throws TopologyError when the description does not fit together
 */
export function buildNetwork(topology: Topology, options: BuildOptions = {}): MemoryNetwork {
	return new Builder(topology, options).build(options.services ?? {});
}

interface PluggedGateway {
	readonly spec: GatewayTopology;
	readonly gateway: Gateway;
	readonly segment: Segment;
	readonly inside: Nic;
	readonly outside: Nic;
}

class Builder {
	readonly #topology: Topology;
	readonly #fabric: Fabric;
	readonly #random: SeededRandom;
	readonly #outside: Segment;
	readonly #gateways = new Map<string, PluggedGateway>();
	readonly #hosts = new Map<string, Host>();
	readonly #cables = new Map<string, Cable>();

	constructor(topology: Topology, { seed = 1, clock = new ManualClock() }: BuildOptions) {
		this.#topology = topology;
		this.#fabric = new Fabric(clock);
		this.#random = new SeededRandom(seed);
		this.#outside = new Segment("outside", this.#fabric);
	}

	build(services: ServiceMakers): MemoryNetwork {
		this.#checkNames();
		for (const spec of this.#topology.gateways) this.#addGateway(spec, []);
		for (const spec of this.#topology.hosts) this.#addHost(spec);
		for (const spec of this.#topology.outside) this.#addOutside(spec, services);
		return new MemoryNetwork({
			fabric: this.#fabric,
			random: this.#random.fork("user"),
			hosts: this.#hosts,
			gateways: new Map([...this.#gateways].map(([name, { gateway }]) => [name, gateway])),
			cables: this.#cables,
		});
	}

	#checkNames(): void {
		const { gateways, hosts, outside } = this.#topology;
		const seen = new Set<string>();
		for (const { name } of [...gateways, ...hosts, ...outside]) {
			if (seen.has(name)) throw new TopologyError(name, "the name is used twice");
			seen.add(name);
		}
	}

	/** Adds a gateway after the one that it is behind. */
	#addGateway(spec: GatewayTopology, waiting: readonly string[]): PluggedGateway {
		const done = this.#gateways.get(spec.name);
		if (done !== undefined) return done;
		if (waiting.includes(spec.name)) throw new TopologyError(spec.name, "is behind itself");
		const parent = spec.behind === undefined ? null : this.#parent(spec, [...waiting, spec.name]);
		const segment = new Segment(`${spec.name}:inside`, this.#fabric);
		const gateway = new Gateway({
			name: spec.name,
			fabric: this.#fabric,
			routes: new RouteTable(),
			translators: {
				4: makeTranslator({ spec, af: 4, ...this.#translatorParts(spec, 4) }),
				6: makeTranslator({ spec, af: 6, ...this.#translatorParts(spec, 6) }),
			},
			udpBlocked: spec.udpBlocked ?? false,
			resetsUnsolicited: spec.unsolicitedSyn === "reset",
		});
		const outside = this.#nic(
			gateway,
			"wan",
			spec.name,
			spec.outside,
			parent?.segment ?? this.#outside,
			spec.link,
		);
		const inside = this.#nic(gateway, "lan", `${spec.name}:inside`, spec.inside, segment);
		gateway.plug(inside, outside);
		const plugged = { spec, gateway, segment, inside, outside };
		this.#gateways.set(spec.name, plugged);
		this.#routeGateway(plugged, parent);
		return plugged;
	}

	#parent(spec: GatewayTopology, waiting: readonly string[]): PluggedGateway {
		const parent = this.#topology.gateways.find(({ name }) => name === spec.behind);
		if (parent === undefined) throw new TopologyError(spec.name, `no gateway ${spec.behind} to be behind of`);
		return this.#addGateway(parent, waiting);
	}

	#translatorParts(spec: GatewayTopology, af: Family) {
		const inFamily = (text: string): boolean => parseCidr(text).ip.af === af;
		const { hosts, gateways } = this.#topology;
		const nics = hosts.flatMap(({ nics }) => nics).filter(({ gateway }) => gateway === spec.name);
		const behind = gateways.filter((other) => other.behind === spec.name);
		const attached = [
			...nics.flatMap(({ addresses }) => addresses),
			...behind.flatMap(({ outside }) => outside),
		];
		return {
			externalIps: spec.outside.filter(inFamily).map((text) => parseCidr(text).ip.text),
			attached: attached.filter(inFamily).map((text) => parseCidr(text).ip.text),
			clock: this.#fabric.clock,
			random: this.#random.fork(`${spec.name}/nat${af}`),
		};
	}

	#routeGateway(plugged: PluggedGateway, parent: PluggedGateway | null): void {
		const { spec, gateway, inside, outside } = plugged;
		for (const { prefix } of inside.addresses) {
			gateway.routes.add({ prefix, nic: inside, gateway: null, metric: 0 });
		}
		for (const af of FAMILIES) {
			const up = parent === null ? null : parent.inside.ips(af)[0]?.ip.text;
			if (up !== undefined)
				gateway.routes.add({ prefix: everything(af), nic: outside, gateway: up, metric: 0 });
			for (const prefix of this.#shown(spec, inside, af)) this.#announce(prefix, af, plugged);
		}
	}

	/** The blocks by which a gateway's inside can be reached from outside. */
	#shown(spec: GatewayTopology, inside: Nic, af: Family): Prefix[] {
		const kind = (af === 4 ? spec.ipv4 : spec.ipv6) ?? { kind: "router" };
		if (kind.kind === "npt") return [parsePrefix(kind.outside)];
		if (kind.kind === "nat" || kind.kind === "one-to-one") return [];
		return inside.ips(af).map(({ prefix }) => prefix);
	}

	/** Makes a block known to the network outside a gateway, and further out where that one only routes. */
	#announce(prefix: Prefix, af: Family, { spec, outside }: PluggedGateway): void {
		outside.segment.route(prefix, outside);
		const parent = spec.behind === undefined ? undefined : this.#gateways.get(spec.behind);
		if (parent === undefined) return;
		parent.gateway.routes.add({ prefix, nic: parent.inside, gateway: null, metric: 0 });
		const kind = ((af === 4 ? parent.spec.ipv4 : parent.spec.ipv6) ?? { kind: "router" }).kind;
		if (kind === "router" || kind === "firewall") this.#announce(prefix, af, parent);
	}

	#addHost(spec: HostTopology): void {
		const host = new Host(spec.name, this.#fabric, this.#random.fork(spec.name));
		this.#hosts.set(spec.name, host);
		for (const [i, nicSpec] of spec.nics.entries()) {
			const plugged = nicSpec.gateway === null ? null : this.#gateways.get(nicSpec.gateway);
			if (plugged === undefined) throw new TopologyError(spec.name, `no gateway ${nicSpec.gateway}`);
			const label = `${spec.name}:${nicSpec.name}`;
			const segment = plugged?.segment ?? this.#outside;
			const nic = this.#nic(host, nicSpec.name, label, nicSpec.addresses, segment, nicSpec.link, i + 2);
			host.ip.add(nic);
			if (nicSpec.defaultRoute === false) continue;
			for (const af of FAMILIES) {
				if (nic.ips(af).length === 0) continue;
				const up = plugged === null ? null : plugged.inside.ips(af)[0]?.ip.text;
				if (up !== undefined) host.ip.addDefault(af, nic, up, nicSpec.metric ?? i);
			}
		}
	}

	#addOutside(spec: OutsideTopology, services: ServiceMakers): void {
		const host = new Host(spec.name, this.#fabric, this.#random.fork(spec.name));
		this.#hosts.set(spec.name, host);
		const nic = this.#nic(host, "eth0", spec.name, spec.ips, this.#outside, spec.link, 2);
		host.ip.add(nic);
		for (const af of FAMILIES) host.ip.addDefault(af, nic, null, 0);
		startServices(host, spec, services);
	}

	#nic(
		owner: NicOwner,
		name: string,
		label: string,
		addresses: readonly string[],
		segment: Segment,
		link: LinkSpec = {},
		index = 2,
	): Nic {
		const cable = new Cable(label, this.#fabric, this.#random.fork(`${label}/cable`), link);
		this.#cables.set(label, cable);
		return new Nic({ name, index, addresses, segment, cable, owner });
	}
}
