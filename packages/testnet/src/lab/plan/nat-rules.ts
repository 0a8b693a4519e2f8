import type { NatSpec } from "../../topology.js";
import { parseCidr } from "../cidr.js";
import { EXTERNAL_PORTS, PINHOLES } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import { type GatewayFamily, lifetimeOf, nftFamily, type RulePieces } from "./rule-pieces.js";

/*
 * What Linux's connection tracking can be made to do. It keeps the local port while no other connection has
 * the same external tuple, which is an endpoint-independent mapping with equal ports, or it draws a random
 * port for each connection, which is an address-and-port-dependent one. It always filters by address and
 * port; wider filters are made from maps, learnt from what goes out, of external ports to inside addresses.
 * That works because the external port is the local one, so it is known before the translation.
 */

function refuse(family: GatewayFamily, what: string): never {
	throw new LabTopologyError(`${family.gateway}: the kernel has no NAT with ${what}`);
}

/** @throws LabTopologyError `ERR_LAB_TOPOLOGY` for settings that would otherwise silently be others. */
function checkNat(family: GatewayFamily, spec: NatSpec): void {
	const allocation = spec.allocation?.kind ?? "random";
	if (family.outside.length === 0) refuse(family, "no external address");
	if (spec.mapping === "address-dependent") refuse(family, "address-dependent mapping");
	if (spec.mapping === "endpoint-independent" && allocation !== "equal") {
		refuse(family, `endpoint-independent mapping and "${allocation}" ports`);
	}
	if (spec.mapping === "address-and-port-dependent") {
		if (allocation !== "random")
			refuse(family, `a mapping for each remote endpoint and "${allocation}" ports`);
		if (spec.filtering !== "address-and-port-dependent")
			refuse(family, `a mapping for each remote endpoint and ${spec.filtering} filtering`);
		if (spec.hairpinning === true) refuse(family, "a mapping for each remote endpoint and hairpinning");
	} else {
		if (spec.bindingRate !== undefined)
			refuse(family, "a limited binding rate other than for each remote endpoint");
		if (family.insiders.length > 1 && spec.onCollision !== "overload") {
			refuse(
				family,
				`port collisions that go to the next free or a random port (say onCollision: "overload")`,
			);
		}
	}
	if (spec.lifetime !== undefined && spec.lifetime.refresh !== "both")
		refuse(family, `refresh by ${spec.lifetime.refresh} packets only`);
}

/** The translation itself. A pool must be consecutive: conntrack knows ranges of addresses, no lists. */
function translate(family: GatewayFamily, spec: NatSpec): string[] {
	const ip = nftFamily(family.af);
	const ports = spec.ports ?? EXTERNAL_PORTS;
	const flags = spec.mapping === "endpoint-independent" ? [] : ["fully-random"];
	const [first = ""] = family.outside;
	const last = family.outside.at(-1) ?? first;
	const start = parseCidr(first).value;
	if (family.outside.some((address, i) => parseCidr(address).value !== start + BigInt(i))) {
		refuse(family, "a pool of addresses that do not follow one another");
	}
	if (first !== last && (spec.pooling ?? "paired") === "paired") flags.push("persistent");
	const open = (text: string): string => (family.af === 6 ? `[${text}]` : text);
	const range = first === last ? open(first) : `${open(first)}-${open(last)}`;
	const bare = first === last ? first : `${first}-${last}`;
	const tail = flags.length === 0 ? "" : ` ${flags.join(",")}`;
	return [
		`oifname "wan" meta l4proto { tcp, udp } snat ${ip} to ${range}:${ports[0]}-${ports[1]}${tail}`,
		`oifname "wan" snat ${ip} to ${bare}${tail}`,
	];
}

/** Which key finds the inside address of an arriving packet, for each filter; the last field is always the widest. */
const KEYS = {
	"endpoint-independent": (_ip: string) => ["meta l4proto . th sport", "meta l4proto . th dport"],
	"address-dependent": (ip: string) => [
		`meta l4proto . th sport . ${ip} daddr`,
		`meta l4proto . th dport . ${ip} saddr`,
	],
	"address-and-port-dependent": (ip: string) => [
		`meta l4proto . th sport . ${ip} daddr . th dport`,
		`meta l4proto . th dport . ${ip} saddr . th sport`,
	],
} as const;

/** The rules of a NAT with port translation. @throws LabTopologyError `ERR_LAB_TOPOLOGY` where the kernel cannot. */
export function natRules(family: GatewayFamily, spec: NatSpec): RulePieces {
	checkNat(family, spec);
	const ip = nftFamily(family.af);
	const hairpin = spec.hairpinning === true;
	const learns = hairpin || spec.filtering !== "address-and-port-dependent";
	const [out, back] = KEYS[spec.filtering](ip);
	const external = `${ip} daddr { ${family.outside.join(", ")} }`;
	const [first] = family.outside;
	const rate = spec.bindingRate;
	const refused = rate
		? [
				`iifname "lan" ct state new meta l4proto udp limit rate over ${rate.perSecond}/second burst ${rate.burst} packets drop`,
			]
		: [];
	const translated = translate(family, spec);
	if (!learns) return { postrouting: translated, refuse: refused, forward: [] };
	const timeout = lifetimeOf(family.gateway, spec);
	const from = hairpin ? '{ "wan", "lan" }' : '"wan"';
	return {
		declare: [
			`map mapped { typeof ${out} : ${ip} saddr; flags dynamic,timeout; timeout ${timeout}s; size ${PINHOLES}; }`,
		],
		learn: [`iifname "lan" meta l4proto { tcp, udp } update @mapped { ${out} : ${ip} saddr }`],
		prerouting: [`iifname ${from} ${external} dnat ${ip} to ${back} map @mapped`],
		postrouting: hairpin
			? [`iifname "lan" oifname "lan" ct status dnat snat ${ip} to ${first}`, ...translated]
			: translated,
		refresh: [
			`iifname "wan" ct state established meta l4proto { tcp, udp } update @mapped { ${back} : ${ip} daddr }`,
		],
		refuse: refused,
		forward: ["ct status dnat accept"],
	};
}
