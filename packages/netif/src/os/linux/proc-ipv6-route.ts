import { formatIpv6, groupsFromHex, prefixOf, scopeOf } from "../ip-text.js";
import type { RouteOnNic } from "../types.js";

const RTF_UP = 0x0001;
const RTF_GATEWAY = 0x0002;
const RTF_REJECT = 0x0200;
const RTF_ANYCAST = 0x0010_0000;
const RTF_CACHE = 0x0100_0000;
const RTF_LOCAL = 0x8000_0000;

/**
 * The unicast routes in /proc/net/ipv6_route: no header, one line a route with the columns
 * `destination plen source plen next-hop metric refcnt use flags iface`, all numbers in hex. The table of local
 * addresses is mixed in, marked by its flags, and so are the kernel's "unreachable" entries on lo; both are left
 * out, and so is multicast.
 */
export function parseProcIpv6Route(text: string): RouteOnNic[] {
	const routes: RouteOnNic[] = [];
	for (const line of text.split("\n")) {
		const [destination, plen, , , nextHop, metric, , , flags, nic] = line.trim().split(/\s+/);
		if (!destination || !plen || !nextHop || !metric || !flags || !nic) continue;
		const bits = Number.parseInt(flags, 16);
		if (!(bits & RTF_UP) || bits & (RTF_REJECT | RTF_ANYCAST | RTF_CACHE | RTF_LOCAL)) continue;
		const network = groupsFromHex(destination);
		const hop = groupsFromHex(nextHop);
		const cidr = prefixOf(6, Number.parseInt(plen, 16));
		if (!network || !hop || cidr === null || ((network[0] ?? 0) & 0xff00) === 0xff00) continue;
		const gateway = formatIpv6(hop);
		routes.push({
			nic,
			route: {
				af: 6,
				destination: formatIpv6(network),
				cidr,
				gateway: bits & RTF_GATEWAY ? (scopeOf(6, gateway) === "link" ? `${gateway}%${nic}` : gateway) : null,
				metric: Number.parseInt(metric, 16),
			},
		});
	}
	return routes;
}
