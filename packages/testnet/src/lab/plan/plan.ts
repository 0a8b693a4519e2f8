import type { GatewaySpec } from "../../topology.js";
import { type Cidr, isBlock, isLinkLocal, parseCidr } from "../cidr.js";
import { CORE, CORE_IP4, CORE_IP6, FIRST_METRIC } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import type { LabFamily, LabGateway, LabNic, LabService, LabTopology } from "../types.js";
import {
	type Attached,
	attachedTo,
	gatewayOf,
	OUTSIDE_NIC,
	ofFamily,
	routesTo,
	type Serial,
	serialsOf,
} from "./addressing.js";
import { gatewayRules } from "./gateway-rules.js";
import { planServices } from "./services.js";
import type { LabPlan, LinkEnd, NamespacePlan } from "./types.js";

/** No waiting for duplicate addresses, nothing learnt from outside, no filtering that was not asked for. */
const QUIET: ReadonlyMap<string, string> = new Map([
	["ipv4/conf/all/rp_filter", "0"],
	["ipv4/conf/default/rp_filter", "0"],
	["ipv6/conf/all/disable_ipv6", "0"],
	["ipv6/conf/default/disable_ipv6", "0"],
	["ipv6/conf/default/accept_dad", "0"],
	["ipv6/conf/default/dad_transmits", "0"],
	["ipv6/conf/default/accept_ra", "0"],
	["ipv6/conf/default/router_solicitations", "0"],
	["ipv6/conf/default/addr_gen_mode", "1"],
]);

const FORWARDING: ReadonlyMap<string, string> = new Map([
	...QUIET,
	["ipv4/ip_forward", "1"],
	["ipv6/conf/all/forwarding", "1"],
]);

const FAMILIES: readonly LabFamily[] = [4, 6];

function checkNames(topology: LabTopology): void {
	const names = [
		CORE,
		...[...topology.outside, ...topology.gateways, ...topology.hosts].map((one) => one.name),
	];
	for (const name of names) {
		if (!/^[a-z][a-z0-9-]*$/i.test(name)) throw new LabTopologyError(`"${name}" is no name for a host`);
		if (names.indexOf(name) !== names.lastIndexOf(name))
			throw new LabTopologyError(`the name "${name}" is used twice`);
	}
	for (const nic of topology.hosts.flatMap((host) => host.nics)) {
		if (!/^[a-z][a-z0-9.-]{0,14}$/i.test(nic.name) || nic.name === "lo")
			throw new LabTopologyError(`"${nic.name}" is no name for a NIC`);
		if (nic.link !== undefined)
			throw new LabTopologyError(
				`${nic.name}: this kernel's links have no latency or loss; run it in memory`,
			);
	}
	const linked = topology.gateways.find((gateway) => gateway.link !== undefined);
	if (linked)
		throw new LabTopologyError(
			`${linked.name}: this kernel's links have no latency or loss; run it in memory`,
		);
}

/** Lines that put addresses on a NIC, its blocks made local as a whole. */
function addressLines(addresses: readonly Cidr[], linkLocal: Cidr, dev: string, onLink: boolean): string[] {
	const own = addresses.some((cidr) => cidr.ip === linkLocal.ip) ? [] : [linkLocal];
	return [...own, ...addresses].flatMap((cidr) => {
		const flags = [
			...(cidr.af === 6 ? ["nodad"] : []),
			...(isBlock(cidr) || (!onLink && !isLinkLocal(cidr)) ? ["noprefixroute"] : []),
		];
		const add = [`addr add ${cidr.ip}/${cidr.bits} dev ${dev} ${flags.join(" ")}`.trimEnd()];
		return isBlock(cidr) ? [...add, `route add local ${cidr.ip}/${cidr.bits} dev lo`] : add;
	});
}

interface NextHops {
	readonly 4: string | null;
	readonly 6: string | null;
}

const OUTSIDE_HOPS: NextHops = { 4: CORE_IP4, 6: CORE_IP6 };

function hopsOf(topology: LabTopology, gateway: string | null): NextHops {
	if (gateway === null) return OUTSIDE_HOPS;
	const { inside } = gatewayOf(topology, gateway);
	return { 4: ofFamily(inside, 4)[0]?.ip ?? null, 6: ofFamily(inside, 6).length > 0 ? CORE_IP6 : null };
}

function defaultLines(addresses: readonly Cidr[], hops: NextHops, dev: string, metric: number): string[] {
	return FAMILIES.flatMap((af) => {
		const hop = hops[af];
		if (hop === null || !addresses.some((cidr) => cidr.af === af && !isLinkLocal(cidr))) return [];
		return [`route add default via ${hop} dev ${dev} metric ${metric} onlink`];
	});
}

/** What the namespaces' resolvers are told: the DNS servers that they have an address family for. */
function resolvConf(dns: readonly LabService[], families: readonly LabFamily[], overTcp: boolean): string {
	const servers = dns
		.filter((service) => families.includes(service.af))
		.map((service) => `nameserver ${service.ip}`);
	return [...servers, "options timeout:2 attempts:2", ...(overTcp ? ["options use-vc"] : [])]
		.map((line) => `${line}\n`)
		.join("");
}

interface Context {
	readonly topology: LabTopology;
	readonly serial: Serial;
	readonly dns: readonly LabService[];
	readonly links: (readonly [LinkEnd, LinkEnd])[];
}

/** The core: a route to every address outside, and to no other. */
function planCore({ topology, serial, links }: Context): NamespacePlan {
	const ports = attachedTo(topology, null, serial).map((attached, i) => {
		const dev = `port${i}`;
		links.push([
			{ namespace: CORE, name: dev },
			{ namespace: attached.namespace, name: attached.nic },
		]);
		return [`link set ${dev} up`, `addr add ${CORE_IP6}/64 dev ${dev} nodad`, ...routesTo(attached, [], dev)];
	});
	const ip = ["link set lo up", `addr add ${CORE_IP4}/32 dev lo`, ...ports.flat()];
	return { name: CORE, sysctls: FORWARDING, lateSysctls: new Map(), ip, nft: "", resolvConf: "" };
}

function planOutsideHost({ topology, serial, dns }: Context, attached: Attached): NamespacePlan {
	const hops = hopsOf(topology, null);
	const ip = [
		"link set lo up",
		`link set ${OUTSIDE_NIC} up`,
		...addressLines(attached.addresses, attached.linkLocal, OUTSIDE_NIC, false),
		...defaultLines(attached.addresses, hops, OUTSIDE_NIC, FIRST_METRIC),
	];
	void serial;
	const families = FAMILIES.filter((af) => attached.addresses.some((cidr) => cidr.af === af));
	return {
		name: attached.namespace,
		sysctls: QUIET,
		lateSysctls: new Map(),
		ip,
		nft: "",
		resolvConf: resolvConf(dns, families, false),
	};
}

/** The inside of a gateway: one NIC, or a bridge where more than one thing hangs on it. */
function planInside(context: Context, gateway: LabGateway): string[] {
	const inside = attachedTo(context.topology, gateway.name, context.serial);
	const bridged = inside.length !== 1;
	inside.forEach((attached, i) => {
		context.links.push([
			{ namespace: gateway.name, name: bridged ? `port${i}` : "lan" },
			{ namespace: attached.namespace, name: attached.nic },
		]);
	});
	const prefixes = gateway.inside.map(parseCidr);
	return [
		...(bridged ? ["link add lan type bridge mcast_snooping 0"] : []),
		"link set lan up",
		...(bridged ? inside.flatMap((_, i) => [`link set port${i} master lan`, `link set port${i} up`]) : []),
		...addressLines(prefixes, parseCidr(`${CORE_IP6}/64`), "lan", true),
		...inside.flatMap((attached) => routesTo(attached, prefixes, "lan")),
	];
}

function planGateway(context: Context, gateway: LabGateway): NamespacePlan {
	const { topology, serial } = context;
	const parent = gateway.behind === undefined ? null : gatewayOf(topology, gateway.behind);
	const neighbours = (parent?.inside ?? []).map(parseCidr);
	const outside = gateway.outside.map((ip) => {
		const single = parseCidr(ip);
		return { ...single, bits: neighbours.find((cidr) => cidr.af === single.af)?.bits ?? single.bits };
	});
	const linkLocal = parseCidr(`fe80::${serial(gateway.name, "wan").toString(16)}/64`);
	const ip = [
		"link set lo up",
		"link set wan up",
		...addressLines(outside, linkLocal, "wan", parent !== null),
		// Without an address of its own outside it still forwards: the next hop is link-local.
		...defaultLines(
			[...outside, ...ofFamily(gateway.inside, 6)],
			hopsOf(topology, parent?.name ?? null),
			"wan",
			FIRST_METRIC,
		),
		...planInside(context, gateway),
	];
	const insiders = attachedTo(topology, gateway.name, serial).flatMap((attached) =>
		attached.addresses.filter((cidr) => !isBlock(cidr) && !isLinkLocal(cidr)),
	);
	const routed = (gateway.routed ?? []).map(parseCidr);
	const tables = FAMILIES.map((af) => {
		const spec: GatewaySpec = (af === 4 ? gateway.ipv4 : gateway.ipv6) ?? { kind: "router" };
		return gatewayRules({
			gateway: gateway.name,
			af,
			spec,
			outside: ofFamily(gateway.outside, af).map((cidr) => cidr.ip),
			insiders: insiders.filter((cidr) => cidr.af === af).map((cidr) => cidr.ip),
			routed: routed.filter((cidr) => cidr.af === af),
			unsolicited: gateway.unsolicited ?? "drop",
		});
	});
	const blocked =
		gateway.udpBlocked === true
			? [
					"table inet blocked {\nchain forward {\n\ttype filter hook forward priority -10; policy accept;\n\tmeta l4proto udp drop\n}\n}",
				]
			: [];
	return {
		name: gateway.name,
		sysctls: FORWARDING,
		lateSysctls: new Map(),
		ip,
		nft: [...tables, ...blocked].join("\n"),
		resolvConf: "",
	};
}

function behindBlockedUdp(topology: LabTopology, name: string | null): boolean {
	if (name === null) return false;
	const gateway = gatewayOf(topology, name);
	return gateway.udpBlocked === true || behindBlockedUdp(topology, gateway.behind ?? null);
}

function planHost({ topology, serial, dns }: Context, name: string, nics: readonly LabNic[]): NamespacePlan {
	const attached = (nic: LabNic): Attached => {
		const found = attachedTo(topology, nic.gateway, serial).find(
			(one) => one.namespace === name && one.nic === nic.name,
		);
		if (found === undefined) throw new LabTopologyError(`${name}: no link for ${nic.name}`);
		return found;
	};
	const lines = nics.flatMap((nic, i) => {
		const { addresses, linkLocal } = attached(nic);
		return [
			`link set ${nic.name} up`,
			...addressLines(addresses, linkLocal, nic.name, nic.gateway !== null),
			...(nic.defaultRoute === false
				? []
				: defaultLines(addresses, hopsOf(topology, nic.gateway), nic.name, nic.metric ?? FIRST_METRIC + i)),
		];
	});
	const families = FAMILIES.filter((af) =>
		nics.some((nic) => ofFamily(nic.addresses, af).some((cidr) => !isLinkLocal(cidr))),
	);
	return {
		name,
		sysctls: QUIET,
		lateSysctls: new Map(nics.map((nic) => [`ipv4/conf/${nic.name}/rp_filter`, `${nic.rpFilter ?? 0}`])),
		ip: ["link set lo up", ...lines],
		nft: "",
		resolvConf: resolvConf(
			dns,
			families,
			nics.some((nic) => behindBlockedUdp(topology, nic.gateway)),
		),
	};
}

/**
 * What building a topology does, as data: pure, so the same topology gives the same plan.
 * @throws LabTopologyError `ERR_LAB_TOPOLOGY` for a contradiction, or for what the kernel cannot do.
 */
export function planLab(topology: LabTopology): LabPlan {
	checkNames(topology);
	const { daemons, services } = planServices(topology);
	const serial = serialsOf(topology);
	const context: Context = {
		topology,
		serial,
		dns: services.filter((service) => service.kind === "dns"),
		links: [],
	};
	const outsideHosts = new Set(topology.outside.map((host) => host.name));
	const namespaces = [
		planCore(context),
		...attachedTo(topology, null, serial)
			.filter((attached) => outsideHosts.has(attached.namespace))
			.map((attached) => planOutsideHost(context, attached)),
		...topology.gateways.map((gateway) => planGateway(context, gateway)),
		...topology.hosts.map((host) => planHost(context, host.name, host.nics)),
	];
	return { namespaces, links: context.links, daemons, services };
}
