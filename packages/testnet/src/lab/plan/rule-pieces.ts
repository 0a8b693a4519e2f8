import type { Cidr } from "../../ip.js";
import type { GatewaySpec } from "../../topology.js";
import { MAPPING_LIFETIME_S } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import type { LabFamily } from "../types.js";

/** What a gateway's rules for one family are made from. */
export interface GatewayFamily {
	readonly gateway: string;
	readonly af: LabFamily;
	readonly spec: GatewaySpec;
	/** Its external addresses of this family. */
	readonly outside: readonly string[];
	/** The addresses of the hosts and gateways inside, in the topology's order. */
	readonly insiders: readonly string[];
	/** Prefixes that pass untranslated and unfiltered. */
	readonly routed: readonly Cidr[];
	readonly unsolicited: "drop" | "accept";
}

/** The pieces of a ruleset that a kind of gateway adds to the common chains. */
export interface RulePieces {
	/** Sets and maps. */
	readonly declare?: readonly string[];
	/** Before any translation. */
	readonly learn?: readonly string[];
	readonly prerouting?: readonly string[];
	readonly postrouting?: readonly string[];
	/** After what is established, related or from inside has passed; null = forwards everything. */
	readonly forward: readonly string[] | null;
	/** First of all that is forwarded: what keeps pinholes open that are in use. */
	readonly refresh?: readonly string[];
	/** What the gateway itself does not take, where it drops what comes unasked. */
	readonly input?: readonly string[];
	/** Before anything from inside passes. */
	readonly refuse?: readonly string[];
}

/** `ip` or `ip6`, as nft calls the family. */
export const nftFamily = (af: LabFamily): "ip" | "ip6" => (af === 4 ? "ip" : "ip6");

/** Seconds of a lifetime in ms. The kernel counts whole ones. */
function wholeSeconds(gateway: string, ms: number | undefined): number {
	if (ms === undefined) return MAPPING_LIFETIME_S;
	if (ms < 1000 || ms % 1000 !== 0)
		throw new LabTopologyError(`${gateway}: the kernel keeps lifetimes in whole seconds, not ${ms} ms`);
	return ms / 1000;
}

/** Seconds that a mapping or pinhole of this gateway lives. */
export function lifetimeOf(gateway: string, spec: GatewaySpec): number {
	if (spec.kind === "nat") return wholeSeconds(gateway, spec.lifetime?.ms);
	return wholeSeconds(gateway, spec.kind === "firewall" ? spec.lifetimeMs : undefined);
}
