import { type Cidr, contains, isBlock, isLinkLocal, parseCidr } from "../cidr.js";
import { CORE_IP4, CORE_IP6, FAMILIES } from "../defaults.js";
import type { LabTopology } from "../types.js";
import { gatewayOf, ofFamily } from "./addressing.js";

/** Lines that put addresses on a NIC, its blocks made local as a whole. */
export function addressLines(
	addresses: readonly Cidr[],
	linkLocal: Cidr,
	dev: string,
	onLink: boolean,
): string[] {
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

/** The next hop of each family, or null where there is none. */
export interface NextHops {
	readonly 4: string | null;
	readonly 6: string | null;
}

const OUTSIDE_HOPS: NextHops = { 4: CORE_IP4, 6: CORE_IP6 };

/** What the neighbours of a gateway (`null`: of the core) send to. */
export function hopsOf(topology: LabTopology, gateway: string | null): NextHops {
	if (gateway === null) return OUTSIDE_HOPS;
	const { inside } = gatewayOf(topology, gateway);
	return { 4: ofFamily(inside, 4)[0]?.ip ?? null, 6: ofFamily(inside, 6).length > 0 ? CORE_IP6 : null };
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
		const seen = addresses.some((cidr) => !isBlock(cidr) && contains(cidr, parseCidr(hop)));
		// IPv6 takes a metric of 0 for "none given", which is 1024.
		const cost = af === 6 ? Math.max(metric, 1) : metric;
		return [`route add default via ${hop} dev ${dev} metric ${cost}${seen || af === 6 ? "" : " onlink"}`];
	});
}
