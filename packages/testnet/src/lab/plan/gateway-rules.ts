import { networkOf, parseCidr } from "../cidr.js";
import { oneToOneRules, pinholes, prefixRules } from "./filter-rules.js";
import { natRules } from "./nat-rules.js";
import { type GatewayFamily, nftFamily, type RulePieces } from "./rule-pieces.js";

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
			return prefixRules(family, parseCidr(spec.inside), parseCidr(spec.outside), spec.filtering);
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
	const routed = family.routed.map(networkOf);
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
