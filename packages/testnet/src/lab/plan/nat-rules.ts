import type { NatSpec } from "../../topology.js";
import { EXTERNAL_PORTS, PINHOLES } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import { readCidr } from "./addressing.js";
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
	const start = readCidr(first).ip.value;
	if (family.outside.some((address, i) => readCidr(address).ip.value !== start + BigInt(i))) {
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

/** A map from external ports to inside addresses: how what goes out is noted, and how what comes in is found. */
interface PortMap {
	readonly name: string;
	/** Fields of an outgoing packet, and the same of an incoming one. */
	readonly key: readonly [out: string, back: string];
	/** Which incoming packets are looked up. */
	readonly from: string;
	/** Which outgoing packets are noted. */
	readonly noted: string;
	/**
	 * A set that an incoming packet must be in as well, with its key. Not a longer key of the map: nft 1.0.6
	 * overwrites an IPv6 address in a map's key with the map's data.
	 */
	readonly filter?: { readonly name: string; readonly key: PortMap["key"] };
}

const LOCAL_PORT: PortMap["key"] = ["meta l4proto . th sport", "meta l4proto . th dport"];

const externalOf = ({ af, outside }: GatewayFamily): string =>
	`${nftFamily(af)} daddr { ${outside.join(", ")} }`;

/** The maps that a filter wider than conntrack's, and hairpinning, need. */
function portMaps(family: GatewayFamily, spec: NatSpec): PortMap[] {
	const ip = nftFamily(family.af);
	const external = externalOf(family);
	const hairpin = spec.hairpinning === true;
	const [out, back] = LOCAL_PORT;
	const anyone = { name: "anyone", key: LOCAL_PORT, noted: 'iifname "lan"' };
	switch (spec.filtering) {
		case "endpoint-independent":
			return [{ ...anyone, from: `iifname ${hairpin ? '{ "wan", "lan" }' : '"wan"'} ${external}` }];
		case "address-dependent": {
			const key: PortMap["key"] = [`${out} . ${ip} daddr`, `${back} . ${ip} saddr`];
			const spoken = { ...anyone, from: `iifname "wan" ${external}`, filter: { name: "spoken", key } };
			return hairpin ? [spoken, inward(external, LOCAL_PORT)] : [spoken];
		}
		case "address-and-port-dependent":
			return hairpin ? [inward(external, [`${out} . th dport`, `${back} . th sport`])] : [];
	}
}

/** For hairpinning the remote address is the NAT's own, and is not translated yet when it is looked up: it is no part of the key. */
function inward(external: string, key: PortMap["key"]): PortMap {
	return { name: "inward", key, from: `iifname "lan" ${external}`, noted: `iifname "lan" ${external}` };
}

/** The rules of a NAT with port translation. @throws LabTopologyError `ERR_LAB_TOPOLOGY` where the kernel cannot. */
export function natRules(family: GatewayFamily, spec: NatSpec): RulePieces {
	checkNat(family, spec);
	const ip = nftFamily(family.af);
	const rate = spec.bindingRate;
	const timeout = lifetimeOf(family.gateway, spec);
	const maps = portMaps(family, spec);
	const ports = "meta l4proto { tcp, udp }";
	const hairpinned = `iifname "lan" oifname "lan" ct status dnat snat ${ip} to ${family.outside[0]}`;
	const lives = `flags dynamic,timeout; timeout ${timeout}s; size ${PINHOLES};`;
	const filters = maps.flatMap(({ filter, noted }) => (filter ? [{ ...filter, noted }] : []));
	const lasting = maps.filter(({ name }) => name !== "inward");
	const answered = `iifname "wan" ct state established ${ports}`;
	return {
		declare: [
			...maps.map(({ name, key: [out] }) => `map ${name} { typeof ${out} : ${ip} saddr; ${lives} }`),
			...filters.map(({ name, key: [out] }) => `set ${name} { typeof ${out}; ${lives} }`),
		],
		learn: [
			...maps.map(
				({ name, key: [out], noted }) => `${noted} ${ports} update @${name} { ${out} : ${ip} saddr }`,
			),
			...filters.map(({ name, key: [out], noted }) => `${noted} ${ports} update @${name} { ${out} }`),
		],
		prerouting: maps.map(({ name, key: [, back], from, filter }) => {
			const found = filter === undefined ? "" : ` ${filter.key[1]} @${filter.name}`;
			return `${from}${found} dnat ${ip} to ${back} map @${name}`;
		}),
		postrouting: [...(spec.hairpinning === true ? [hairpinned] : []), ...translate(family, spec)],
		refresh: [
			...lasting.map(({ name, key: [, back] }) => `${answered} update @${name} { ${back} : ${ip} daddr }`),
			...filters.map(({ name, key: [, back] }) => `${answered} update @${name} { ${back} }`),
		],
		// As from outside: a packet that is taken for a connection of the router's moves a later mapping.
		input: spec.hairpinning === true ? [`iifname "lan" ${externalOf(family)} meta l4proto udp drop`] : [],
		refuse: rate
			? [
					`iifname "lan" ct state new meta l4proto udp limit rate over ${rate.perSecond}/second burst ${rate.burst} packets drop`,
				]
			: [],
		forward: maps.length > 0 ? ["ct status dnat accept"] : [],
	};
}
