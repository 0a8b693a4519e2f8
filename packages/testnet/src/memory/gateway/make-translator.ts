import type { Dependence, GatewaySpec, GatewayTopology } from "../../topology.js";
import { UDP_LIFETIME_MS } from "../defaults.js";
import { TopologyError } from "../errors.js";
import type { ManualClock } from "../manual-clock.js";
import type { SeededRandom } from "../seeded-random.js";
import type { Family } from "../types.js";
import type { Lifetime } from "./contacts.js";
import { Firewall } from "./firewall.js";
import { Nat } from "./nat.js";
import { OneToOne } from "./one-to-one.js";
import { PlainRouter } from "./plain-router.js";
import { PrefixTranslator } from "./prefix-translator.js";
import type { Translator } from "./translator.js";

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
