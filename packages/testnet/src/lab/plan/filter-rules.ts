import type { Dependence } from "../../topology.js";
import { type Cidr, networkOf } from "../cidr.js";
import { PINHOLES } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import { type GatewayFamily, lifetimeOf, nftFamily, type RulePieces } from "./rule-pieces.js";

/** Pinholes on inside endpoints, for gateways that keep the port: learnt from what goes out, asked for what comes in. */
export function pinholes(
	family: GatewayFamily,
	filtering: Dependence,
): Pick<RulePieces, "declare" | "learn" | "refresh" | "forward"> {
	if (filtering === "address-and-port-dependent") return { forward: [] };
	const ip = nftFamily(family.af);
	const remote = filtering === "address-dependent";
	const out = `${ip} saddr . meta l4proto . th sport${remote ? ` . ${ip} daddr` : ""}`;
	const back = `${ip} daddr . meta l4proto . th dport${remote ? ` . ${ip} saddr` : ""}`;
	const timeout = lifetimeOf(family.gateway, family.spec);
	return {
		declare: [`set spoken { typeof ${out}; flags dynamic,timeout; timeout ${timeout}s; size ${PINHOLES}; }`],
		learn: [`iifname "lan" meta l4proto { tcp, udp } update @spoken { ${out} }`],
		refresh: [`iifname "wan" ct state established meta l4proto { tcp, udp } update @spoken { ${back} }`],
		forward: [`iifname "wan" ${back} @spoken accept`],
	};
}

/** The rules of 1:1 translation. */
export function oneToOneRules(family: GatewayFamily, filtering: Dependence): RulePieces {
	const { outside, insiders, gateway } = family;
	if (outside.length === 0 || outside.length !== insiders.length) {
		throw new LabTopologyError(
			`${gateway}: 1:1 translation needs one external address for each inside address`,
		);
	}
	const ip = nftFamily(family.af);
	const pairs = insiders.map((inside, i) => [inside, outside[i]] as const);
	return {
		...pinholes(family, filtering),
		prerouting: pairs.map(([inside, external]) => `iifname "wan" ${ip} daddr ${external} dnat to ${inside}`),
		postrouting: pairs.map(([inside, external]) => `oifname "wan" ${ip} saddr ${inside} snat to ${external}`),
	};
}

/** The rules of IPv6 prefix translation. */
export function prefixRules(
	family: GatewayFamily,
	inside: Cidr,
	outside: Cidr,
	filtering: Dependence | undefined,
): RulePieces {
	if (family.af !== 6 || inside.bits !== outside.bits || inside.af !== 6 || outside.af !== 6) {
		throw new LabTopologyError(
			`${family.gateway}: prefix translation is between two IPv6 prefixes of one length`,
		);
	}
	const filter = filtering === undefined ? { forward: null } : pinholes(family, filtering);
	return {
		...filter,
		prerouting: [`iifname "wan" ip6 daddr ${networkOf(outside)} dnat ip6 prefix to ${networkOf(inside)}`],
		postrouting: [`oifname "wan" ip6 saddr ${networkOf(inside)} snat ip6 prefix to ${networkOf(outside)}`],
	};
}
