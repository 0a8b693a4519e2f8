import { type Family, IPRange, type IpAddress, isIp } from "@p2pd/address";
import { RouteValueError } from "../errors.js";
import type { RouteInit } from "./types.js";

/**
 * Checks what a route is made of: at least one NIC address, one family throughout, external addresses that can
 * be somebody's, and a source that the lists know.
 * @throws RouteValueError (`ERR_ROUTE_VALUE`) naming the part.
 */
export function checkRoute(init: RouteInit): void {
	if (init.af !== 4 && init.af !== 6) throw new RouteValueError("af", `${String(init.af)} is not 4 or 6`);
	if (init.nicIps.length === 0) throw new RouteValueError("nicIps", "a route has at least one NIC address");
	checkFamily("nicIps", init.af, init.nicIps);
	checkFamily("extIps", init.af, init.extIps);
	checkFamily("linkLocals", init.af, init.linkLocals ?? []);
	for (const range of init.extIps) {
		if (!isExternal(range.first)) throw new RouteValueError("extIps", `${range} is no external address`);
	}
	for (const range of init.linkLocals ?? []) {
		if (!range.isLinkLocal) throw new RouteValueError("linkLocals", `${range} is not link-local`);
	}
	if (init.source !== undefined && init.source !== null) checkSource(init.source, init);
}

/** Whether others can see an address as somebody's: unicast, and not of one link. Loopback counts: this host sees it. */
export function isExternal(ip: IpAddress): boolean {
	return !(ip.isUnspecified || ip.isMulticast || ip.isLinkLocal || ip.ipClass === "broadcast");
}

function checkFamily(field: string, af: Family, ranges: readonly IPRange[]): void {
	for (const range of ranges) {
		if (range.af !== af) throw new RouteValueError(field, `${range} is not an IPv${af} range`);
	}
}

function checkSource(source: string, { nicIps, extIps }: RouteInit): void {
	if (!isIp(source)) throw new RouteValueError("source", `${JSON.stringify(source)} is no address`);
	const ip = new IPRange(source);
	if (![...nicIps, ...extIps].some((range) => range.contains(ip))) {
		throw new RouteValueError("source", `${source} is on neither side of the route`);
	}
}
