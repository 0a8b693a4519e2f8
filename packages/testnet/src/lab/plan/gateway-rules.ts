import { type Cidr, prefixText } from "../../ip.js";
import type { Dependence } from "../../topology.js";
import { PINHOLES } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import { readCidr } from "./addressing.js";
import { natRules } from "./nat-rules.js";
import { type GatewayFamily, lifetimeOf, nftFamily, type RulePieces } from "./rule-pieces.js";

function piecesOf(family: GatewayFamily): RulePieces {
	const { spec } = family;
	switch (spec.kind) {
		case "router":
			return { forward: null };
		case "firewall":
			return pinholes(family, spec.filtering);
		case "one-to-one":
			return oneToOneRules(family, spec.filtering);
		case "npt":
			return prefixRules(family, readCidr(spec.inside), readCidr(spec.outside), spec.filtering);
		case "nat":
			return natRules(family, spec);
	}
}

const chain = (name: string, hook: string, rules: readonly string[]): string =>
	rules.length === 0 ? "" : `chain ${name} {\n${[hook, ...rules].map((rule) => `\t${rule}`).join("\n")}\n}\n`;

const NEIGHBOURS =
	"icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert }";

/** The nft table of a gateway for one family. Pure: the same family gives the same text. */
export function gatewayRules(family: GatewayFamily): string {
	const pieces = piecesOf(family);
	const ip = nftFamily(family.af);
	const routed = family.routed.map(({ prefix }) => prefixText(prefix));
	const pass = routed.length === 0 ? [] : [`${ip} daddr { ${routed.join(", ")} } accept`];
	const untranslated = routed.length === 0 ? [] : [`${ip} saddr { ${routed.join(", ")} } accept`];
	const input = [
		'iifname "wan" ct state established,related accept',
		...(family.af === 6 ? [`iifname "wan" ${NEIGHBOURS} accept`] : []),
		'iifname "wan" drop',
		...(pieces.input ?? []),
	];
	const forward =
		pieces.forward === null
			? []
			: [
					...(pieces.refresh ?? []),
					"ct state established,related accept",
					...(pieces.refuse ?? []),
					'iifname "lan" accept',
					...pass,
					...pieces.forward,
				];
	const hook = (type: string, at: string, priority: string, policy = "accept"): string =>
		`type ${type} hook ${at} priority ${priority}; policy ${policy};`;
	return [
		`table ${ip} lab {`,
		...(pieces.declare ?? []),
		chain("learn", hook("filter", "prerouting", "mangle"), pieces.learn ?? []),
		chain("prerouting", hook("nat", "prerouting", "dstnat"), pieces.prerouting ?? []),
		chain(
			"postrouting",
			hook("nat", "postrouting", "srcnat"),
			pieces.postrouting ? [...untranslated, ...pieces.postrouting] : [],
		),
		chain("forward", hook("filter", "forward", "filter", "drop"), forward),
		chain("input", hook("filter", "input", "filter"), family.unsolicited === "drop" ? input : []),
		"}",
	]
		.filter((line) => line !== "")
		.join("\n");
}

/** Pinholes on inside endpoints, for gateways that keep the port: learnt from what goes out, asked for what comes in. */
function pinholes(
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
function oneToOneRules(family: GatewayFamily, filtering: Dependence): RulePieces {
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
function prefixRules(
	family: GatewayFamily,
	inside: Cidr,
	outside: Cidr,
	filtering: Dependence | undefined,
): RulePieces {
	if (
		family.af !== 6 ||
		inside.prefix.length !== outside.prefix.length ||
		inside.af !== 6 ||
		outside.af !== 6
	) {
		throw new LabTopologyError(
			`${family.gateway}: prefix translation is between two IPv6 prefixes of one length`,
		);
	}
	const filter = filtering === undefined ? { forward: null } : pinholes(family, filtering);
	return {
		...filter,
		prerouting: [
			`iifname "wan" ip6 daddr ${prefixText(outside.prefix)} dnat ip6 prefix to ${prefixText(inside.prefix)}`,
		],
		postrouting: [
			`oifname "wan" ip6 saddr ${prefixText(inside.prefix)} snat ip6 prefix to ${prefixText(outside.prefix)}`,
		],
	};
}
