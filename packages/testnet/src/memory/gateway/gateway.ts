import type { Dependence, GatewaySpec, GatewayTopology } from "../../topology.js";
import { UDP_LIFETIME_MS } from "../defaults.js";
import { TopologyError } from "../errors.js";
import type { Fabric } from "../fabric.js";
import type { RouteTable } from "../ip-layer.js";
import type { ManualClock } from "../manual-clock.js";
import type { Nic, NicOwner } from "../nic.js";
import { type DropReason, type Packet, resetFor } from "../packet.js";
import type { SeededRandom } from "../seeded-random.js";
import type { Family } from "../types.js";
import { Firewall, type Lifetime } from "./filtering.js";
import { Nat } from "./nat.js";
import { OneToOne, PrefixTranslator } from "./stateless.js";
import { PlainRouter, type Translator } from "./translator.js";

/** What a gateway is made of; its NICs are plugged in afterwards. */
export interface GatewayParts {
	readonly name: string;
	readonly fabric: Fabric;
	readonly routes: RouteTable;
	readonly translators: Readonly<Record<Family, Translator>>;
	readonly udpBlocked: boolean;
	readonly resetsUnsolicited: boolean;
}

/** The box between an inside network and the network outside it: router, NAT or firewall for each family. */
export class Gateway implements NicOwner {
	readonly name: string;
	readonly takesBroadcasts = false;
	readonly routes: RouteTable;
	readonly translators: Readonly<Record<Family, Translator>>;
	/** Whether UDP goes no further than this; may be changed at any time. */
	udpBlocked: boolean;
	readonly #fabric: Fabric;
	readonly #resetsUnsolicited: boolean;
	#outside: Nic | null = null;
	readonly #own = new Set<string>();

	constructor({ name, fabric, routes, translators, udpBlocked, resetsUnsolicited }: GatewayParts) {
		this.name = name;
		this.#fabric = fabric;
		this.routes = routes;
		this.translators = translators;
		this.udpBlocked = udpBlocked;
		this.#resetsUnsolicited = resetsUnsolicited;
	}

	/** Plugs in its NICs. */
	plug(inside: Nic, outside: Nic): void {
		this.#outside = outside;
		for (const { ip } of [...inside.addresses, ...outside.addresses]) this.#own.add(ip.text);
	}

	receive(packet: Packet, nic: Nic): void {
		const hop = { ...packet, ttl: packet.ttl - 1 };
		const why = this.#refusal(packet);
		if (why !== null) this.#drop(packet, why);
		else if (nic === this.#outside) this.#comeIn(hop);
		else this.#goOut(hop);
	}

	#refusal(packet: Packet): DropReason | null {
		if (packet.ttl <= 1) return "ttl";
		return this.udpBlocked && packet.proto === "udp" ? "udp-blocked" : null;
	}

	#comeIn(packet: Packet): void {
		const moved = this.translators[packet.af].inbound(packet);
		if (typeof moved === "string") {
			this.#drop(packet, moved);
			this.#refuse(packet);
		} else if (this.#own.has(moved.dst)) this.#drop(packet, "not-for-us");
		else this.#forward(moved, (nic) => nic !== this.#outside);
	}

	/** Answers a SYN that is not let in, as if nothing listened. */
	#refuse(packet: Packet): void {
		if (!this.#resetsUnsolicited || packet.proto !== "tcp" || !packet.syn || packet.ack !== null) return;
		this.#forward(resetFor(packet), () => true);
	}

	#goOut(packet: Packet): void {
		const translator = this.translators[packet.af];
		if (translator.claims(packet.dst)) {
			this.#turnRound(packet, translator);
			return;
		}
		if (this.#own.has(packet.dst)) {
			this.#drop(packet, "not-for-us");
			return;
		}
		const way = this.routes.lookup(packet.dst, null);
		const moved = way?.nic === this.#outside ? translator.outbound(packet) : packet;
		if (typeof moved === "string") this.#drop(packet, moved);
		else this.#forward(moved, () => true);
	}

	/** Hairpinning (RFC 4787 section 6): out and in again, with the external endpoint as the source. */
	#turnRound(packet: Packet, translator: Translator): void {
		if (!translator.hairpins) {
			this.#drop(packet, "no-hairpin");
			return;
		}
		const out = translator.outbound(packet);
		const back = typeof out === "string" ? out : translator.inbound(out);
		if (typeof back === "string") this.#drop(packet, back);
		else this.#forward(back, (nic) => nic !== this.#outside);
	}

	#forward(packet: Packet, allowed: (nic: Nic) => boolean): void {
		const way = this.routes.lookup(packet.dst, null);
		if (way === null || !allowed(way.nic)) {
			this.#drop(packet, "no-route");
			return;
		}
		this.#fabric.report("forwarded", this.name, packet);
		way.nic.transmit(packet, way.gateway ?? packet.dst);
	}

	#drop(packet: Packet, why: DropReason): void {
		this.#fabric.report("dropped", this.name, packet, why);
	}
}

/** What the translator of one family of a gateway is made of. */
export interface TranslatorParts {
	readonly spec: GatewayTopology;
	readonly af: Family;
	/** The gateway's external addresses of the family. */
	readonly externalIps: readonly string[];
	/** The addresses attached inside, which a one-to-one NAT pairs off in this order. */
	readonly attached: readonly string[];
	readonly clock: ManualClock;
	readonly random: SeededRandom;
}

/** Turns the description of one family of a gateway into what does it. @throws TopologyError */
export function makeTranslator(parts: TranslatorParts): Translator {
	const { spec, af, externalIps, attached, clock, random } = parts;
	const { name } = spec;
	const kind: GatewaySpec = (af === 4 ? spec.ipv4 : spec.ipv6) ?? { kind: "router" };
	switch (kind.kind) {
		case "router":
			return new PlainRouter();
		case "firewall":
			return new Firewall(clock, kind.filtering, { ms: kind.lifetimeMs ?? UDP_LIFETIME_MS, refresh: "both" });
		case "npt":
			if (af === 4) throw new TopologyError(name, "prefix translation is for IPv6");
			return new PrefixTranslator(name, kind.inside, kind.outside, optionalFirewall(clock, kind.filtering));
		case "nat":
			if (externalIps.length === 0) throw new TopologyError(name, `a NAT needs an outside IPv${af} address`);
			return new Nat({ name, spec: kind, externalIps, clock, random });
		case "one-to-one":
			return new OneToOne(pairOff(name, attached, externalIps), clock, kind.filtering, BOTH_WAYS);
	}
}

const BOTH_WAYS: Lifetime = { ms: UDP_LIFETIME_MS, refresh: "both" };

const optionalFirewall = (clock: ManualClock, filtering: Dependence | undefined): Firewall | null =>
	filtering === undefined ? null : new Firewall(clock, filtering, BOTH_WAYS);

function pairOff(name: string, inside: readonly string[], outside: readonly string[]): Map<string, string> {
	const pairs = new Map<string, string>();
	for (const [i, ip] of inside.entries()) {
		const external = outside[i];
		if (external === undefined) throw new TopologyError(name, `no external address left for ${ip}`);
		pairs.set(ip, external);
	}
	return pairs;
}
