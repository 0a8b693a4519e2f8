import { type Cidr, contains, isBlock, isLinkLocal, prefixText, requireIp } from "../../ip.js";
import { CORE_IP4, CORE_IP6, FAMILIES, FIRST_METRIC, QUIET } from "../defaults.js";
import type { LabFamily, LabNic, LabOutside, LabService, LabTopology } from "../types.js";
import { attachedNic, gatewayOf, OUTSIDE_NIC, ofFamily } from "./addressing.js";
import type { NamespacePlan, PlanContext } from "./types.js";

/** What the namespaces' resolvers are told: the DNS servers that they have an address family for. */
function resolvConf(dns: readonly LabService[], families: readonly LabFamily[], overTcp: boolean): string {
	const servers = dns
		.filter((service) => families.includes(service.af))
		.map((service) => `nameserver ${service.ip}`);
	return [...servers, "options timeout:2 attempts:2", ...(overTcp ? ["options use-vc"] : [])]
		.map((line) => `${line}\n`)
		.join("");
}

function behindBlockedUdp(topology: LabTopology, name: string | null): boolean {
	if (name === null) return false;
	const gateway = gatewayOf(topology, name);
	return gateway.udpBlocked === true || behindBlockedUdp(topology, gateway.behind ?? null);
}

/** A host of any kind: its NICs, routes and resolver. */
export function planHost(
	{ topology, serial, dns }: PlanContext,
	name: string,
	nics: readonly LabNic[],
): NamespacePlan {
	const lines = nics.flatMap((nic, i) => {
		const { addresses, linkLocal } = attachedNic(name, nic, serial);
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
	const blocks = nics.flatMap((nic) => ofFamily(nic.addresses, 6).filter(isBlock));
	return {
		name,
		sysctls: QUIET,
		lateSysctls: new Map([
			...nics.map((nic) => [`ipv4/conf/${nic.name}/rp_filter`, `${nic.rpFilter ?? 0}`] as const),
			// A block that a route makes local can be bound in IPv4; in IPv6 Linux needs this as well.
			...(blocks.length > 0 ? [["ipv6/ip_nonlocal_bind", "1"] as const] : []),
		]),
		ip: ["link set lo up", ...lines],
		nft: "",
		resolvConf: resolvConf(
			dns,
			families,
			nics.some((nic) => behindBlockedUdp(topology, nic.gateway)),
		),
	};
}

/** An outside host: a host with one NIC. */
export function planOutsideHost(context: PlanContext, host: LabOutside): NamespacePlan {
	return planHost(context, host.name, [{ name: OUTSIDE_NIC, addresses: host.ips, gateway: null }]);
}

/** Lines that put addresses on a NIC, its blocks made local as a whole. */
export function addressLines(
	addresses: readonly Cidr[],
	linkLocal: Cidr,
	dev: string,
	onLink: boolean,
): string[] {
	const own = addresses.some((cidr) => cidr.ip.text === linkLocal.ip.text) ? [] : [linkLocal];
	return [...own, ...addresses].flatMap((cidr) => {
		const flags = [
			...(cidr.af === 6 ? ["nodad"] : []),
			...(isBlock(cidr) || (!onLink && !isLinkLocal(cidr)) ? ["noprefixroute"] : []),
		];
		const add = [`addr add ${cidr.ip.text}/${cidr.prefix.length} dev ${dev} ${flags.join(" ")}`.trimEnd()];
		return isBlock(cidr) ? [...add, `route add local ${prefixText(cidr.prefix)} dev lo`] : add;
	});
}

/** The next hop of each family, or null. */
export interface NextHops {
	readonly 4: string | null;
	readonly 6: string | null;
}

const OUTSIDE_HOPS: NextHops = { 4: CORE_IP4, 6: CORE_IP6 };

/** What the neighbours of a gateway (`null`: of the core) send to. */
export function hopsOf(topology: LabTopology, gateway: string | null): NextHops {
	if (gateway === null) return OUTSIDE_HOPS;
	const { inside } = gatewayOf(topology, gateway);
	return { 4: ofFamily(inside, 4)[0]?.ip.text ?? null, 6: ofFamily(inside, 6).length > 0 ? CORE_IP6 : null };
}

/** The default routes of a NIC, one for each family that it has an address of. */
export function defaultLines(
	addresses: readonly Cidr[],
	hops: NextHops,
	dev: string,
	metric: number,
): string[] {
	return FAMILIES.flatMap((af) => {
		const hop = hops[af];
		if (hop === null || !addresses.some((cidr) => cidr.af === af && !isLinkLocal(cidr))) return [];
		const seen = addresses.some((cidr) => !isBlock(cidr) && contains(cidr.prefix, requireIp(hop)));
		// IPv6 takes a metric of 0 for "none given", which is 1024.
		const cost = af === 6 ? Math.max(metric, 1) : metric;
		return [`route add default via ${hop} dev ${dev} metric ${cost}${seen || af === 6 ? "" : " onlink"}`];
	});
}
