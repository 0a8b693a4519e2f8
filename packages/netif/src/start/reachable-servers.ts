import { type Family, IpAddress, isIp } from "@p2pd/address";
import type { StunServerSpec } from "@p2pd/stun-client";
import { inNetwork } from "../os/ip-text.js";
import type { NicInfo } from "../os/types.js";

/** The servers that a NIC has a way to, or why there are none. */
export type ReachableServers =
	| { readonly servers: readonly StunServerSpec[] }
	| { readonly servers: readonly []; readonly reason: string };

/**
 * Leaves out the servers that packets from this NIC cannot get to, so that a NIC without a gateway is a reason at
 * once and not a time-out: bound to the device, Linux would ask for any address on the link itself. A server that
 * is given by name is taken to be behind the gateway.
 *
 * @param routesKnown whether the OS told the routes of this family; if not, nothing is left out for want of one
 */
export function reachableServers(
	nic: NicInfo,
	af: Family,
	all: readonly StunServerSpec[],
	routesKnown: boolean,
): ReachableServers {
	const servers = all.filter((server) => hasFamily(server, af));
	if (servers.length === 0) return { servers: [], reason: `no STUN server has IPv${af}` };
	const hasGateway = nic.gateways[af].length > 0 || nic.isDefault[af];
	const reachable = servers.filter(({ host }) => {
		const ip = isIp(host) ? IpAddress.parse(host) : null;
		// A loopback server (RFC 6761 section 6.3) is this host itself, and answers any of its addresses.
		if (ip?.isLoopback || /^(.+\.)?localhost\.?$/i.test(host)) return true;
		if (nic.kind === "loopback") return false;
		if (hasGateway || !routesKnown) return true;
		return ip !== null && isOnNic(nic, `${ip}`);
	});
	if (reachable.length > 0) return { servers: reachable };
	return {
		servers: [],
		reason:
			nic.kind === "loopback"
				? "the loopback leads to no STUN server"
				: `${nic.name} has no IPv${af} gateway and no STUN server on its link`,
	};
}

function hasFamily({ host, families }: StunServerSpec, af: Family): boolean {
	if (isIp(host)) return IpAddress.parse(host).af === af;
	return families === undefined || families.includes(af);
}

function isOnNic(nic: NicInfo, ip: string): boolean {
	return (
		nic.addresses.some((address) => address.cidr !== null && inNetwork(ip, address.ip, address.cidr)) ||
		nic.routes.some((route) => inNetwork(ip, route.destination, route.cidr))
	);
}
