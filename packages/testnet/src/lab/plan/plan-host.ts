import { isBlock, isLinkLocal } from "../cidr.js";
import { FAMILIES, FIRST_METRIC } from "../defaults.js";
import type { LabFamily, LabNic, LabOutside, LabService, LabTopology } from "../types.js";
import { attachedNic, gatewayOf, OUTSIDE_NIC, ofFamily } from "./addressing.js";
import type { PlanContext } from "./context.js";
import { addressLines, defaultLines, hopsOf } from "./nic-lines.js";
import { QUIET } from "./sysctls.js";
import type { NamespacePlan } from "./types.js";

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
