import { ipv6FromHex, prefixOf, prefixOfMask, textOnNic } from "../address-text.js";
import type { AddressScope, NicAddress, OsDeps, RouteOnNic } from "../types.js";

/** The names in /proc/net/dev: two header lines, then one line `name: counters` for each NIC. */
function parseProcNetDev(text: string): string[] {
	return text
		.split("\n")
		.slice(2)
		.map((line) => /^\s*(.+?):/.exec(line)?.[1])
		.filter((name): name is string => name !== undefined);
}

/**
 * The names of every NIC in the network namespace of this process. /proc/net follows the process into its
 * namespace; /sys shows the one in which it was mounted, so it is read only if /proc is refused.
 *
 * @throws with the OS's `code` if both are refused
 */
export function readLinuxNames(deps: OsDeps): string[] {
	try {
		return parseProcNetDev(deps.readFile("/proc/net/dev"));
	} catch {
		// bonding_masters is a file of the bonding driver, not a NIC.
		return deps.readDir("/sys/class/net").filter((name) => name !== "bonding_masters");
	}
}

const IFA_F_TEMPORARY = 0x01;
const IFA_F_DADFAILED = 0x08;
const IFA_F_DEPRECATED = 0x20;
const IFA_F_TENTATIVE = 0x40;

/** The scope bits of the kernel's address type. */
const SCOPES: Readonly<Record<number, AddressScope>> = { 0: "global", 16: "host", 32: "link", 64: "site" };

const REACH: readonly AddressScope[] = ["global", "site", "link", "host"];

/** An IPv6 address with its NIC. */
export interface Inet6Line {
	readonly nic: string;
	readonly index: number;
	readonly address: NicAddress;
}

/**
 * The addresses in /proc/net/if_inet6: no header, one line for each address with the columns
 * `address index plen scope flags name`, numbers in hex. Unlike getifaddrs it includes links without a carrier. The
 * kernel prints them in the order of a hash table; here those that reach further come first, then by text.
 */
export function parseIfInet6(text: string): Inet6Line[] {
	const lines: Inet6Line[] = [];
	for (const line of text.split("\n")) {
		const [hex, index, plen, scopeBits, flags, nic] = line.trim().split(/\s+/);
		const ip = hex ? ipv6FromHex(hex) : null;
		if (!ip || !index || !plen || !scopeBits || !flags || !nic) continue;
		const scope = SCOPES[Number.parseInt(scopeBits, 16) & 0x70] ?? "global";
		const bits = Number.parseInt(flags, 16);
		lines.push({
			nic,
			index: Number.parseInt(index, 16),
			address: {
				af: 6,
				ip: scope === "link" ? `${ip}%${nic}` : ip.toString(),
				cidr: prefixOf(6, Number.parseInt(plen, 16)),
				scope,
				...(bits & IFA_F_TEMPORARY ? { temporary: true } : {}),
				...(bits & IFA_F_DEPRECATED ? { deprecated: true } : {}),
				...(bits & (IFA_F_TENTATIVE | IFA_F_DADFAILED) ? { tentative: true } : {}),
			},
		});
	}
	return lines.sort(
		(a, b) =>
			REACH.indexOf(a.address.scope) - REACH.indexOf(b.address.scope) ||
			(a.address.ip < b.address.ip ? -1 : a.address.ip > b.address.ip ? 1 : 0),
	);
}

const RTF_UP = 0x0001;
const RTF_GATEWAY = 0x0002;
const RTF_REJECT = 0x0200;

/**
 * The routes in /proc/net/route (proc(5)): a header, then one line for each route with the columns
 * `Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT`. Addresses are the hex digits of a host
 * integer that holds network byte order, so on a little-endian machine the bytes are reversed. It shows only the main
 * table, and only the first next hop of a multipath route. Routes with a non-contiguous mask (gVisor) are left out.
 */
export function parseProcRoute(text: string, endianness: "LE" | "BE"): RouteOnNic[] {
	const routes: RouteOnNic[] = [];
	for (const line of text.split("\n").slice(1)) {
		const [nic, destination, gateway, flags, , , metric, mask] = line.trim().split(/\s+/);
		if (!nic || !destination || !gateway || !flags || !metric || !mask) continue;
		const bits = Number.parseInt(flags, 16);
		if (!(bits & RTF_UP) || bits & RTF_REJECT) continue;
		const network = dotted(destination, endianness);
		const hop = dotted(gateway, endianness);
		const dottedMask = dotted(mask, endianness);
		const cidr = dottedMask === null ? null : prefixOfMask(dottedMask);
		if (network === null || hop === null || cidr === null) continue;
		routes.push({
			nic,
			route: {
				af: 4,
				destination: network,
				cidr,
				gateway: bits & RTF_GATEWAY ? hop : null,
				metric: Number(metric),
			},
		});
	}
	return routes;
}

function dotted(hex: string, endianness: "LE" | "BE"): string | null {
	if (!/^[0-9a-f]{8}$/i.test(hex)) return null;
	const bytes = [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
	return (endianness === "LE" ? bytes.reverse() : bytes).join(".");
}

const RTF_ANYCAST = 0x0010_0000;
const RTF_CACHE = 0x0100_0000;
const RTF_LOCAL = 0x8000_0000;

/**
 * The unicast routes in /proc/net/ipv6_route: no header, one line for each route with the columns
 * `destination plen source plen next-hop metric refcnt use flags iface`, all numbers in hex. Entries of the table of
 * local addresses and the kernel's "unreachable" entries on lo are mixed in. They are left out, as is multicast.
 */
export function parseProcIpv6Route(text: string): RouteOnNic[] {
	const routes: RouteOnNic[] = [];
	for (const line of text.split("\n")) {
		const [destination, plen, , , nextHop, metric, , , flags, nic] = line.trim().split(/\s+/);
		if (!destination || !plen || !nextHop || !metric || !flags || !nic) continue;
		const bits = Number.parseInt(flags, 16);
		if (!(bits & RTF_UP) || bits & (RTF_REJECT | RTF_ANYCAST | RTF_CACHE | RTF_LOCAL)) continue;
		const network = ipv6FromHex(destination);
		const hop = ipv6FromHex(nextHop);
		const cidr = prefixOf(6, Number.parseInt(plen, 16));
		if (!network || !hop || cidr === null || network.isMulticast) continue;
		routes.push({
			nic,
			route: {
				af: 6,
				destination: network.toString(),
				cidr,
				gateway: bits & RTF_GATEWAY ? textOnNic(hop, nic) : null,
				metric: Number.parseInt(metric, 16),
			},
		});
	}
	return routes;
}
