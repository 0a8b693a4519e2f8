import { IPRange, IpAddress, isIp } from "@p2pd/address";
import { type Family, type Fields, is, type NicRef, objectProblem } from "@p2pd/net";
import { isNicOrNull } from "../arguments.js";
import { RouteValueError, refuse } from "../errors.js";
import { needsZone } from "../sockets/local-binding.js";
import type { RouteInit } from "../types.js";

/** The two sides of a route, and what is bound. */
export interface RouteSides {
	readonly af: Family;
	readonly nic: NicRef | null;
	readonly nicIps: readonly IPRange[];
	readonly extIps: readonly IPRange[];
	readonly linkLocals: readonly IPRange[];
	readonly source: string | null;
}

const ranges = is.listOf(is.a("an IPRange", (value) => value instanceof IPRange));

const fields: Fields = {
	af: is.family,
	nic: isNicOrNull,
	nicIps: ranges,
	extIps: ranges,
	linkLocals: ranges,
	source: is.nullOr(is.text),
	singleServer: is.boolean,
	reason: is.nullOr(is.text),
	evidence: is.anything,
};

/**
 * Checks the parts of a route: at least one NIC address, one family throughout, external addresses that are possible,
 * and a source that is on one of the sides.
 * @throws RouteValueError (`ERR_ROUTE_VALUE`) naming the part
 */
export function checkRoute(init: RouteInit): void {
	// A route is an init too, and has more than its fields.
	refuse(objectProblem(init, "", fields, { required: ["af", "nicIps", "extIps"], open: true }));
	const { af, nicIps, extIps, linkLocals = [], source = null } = init;
	if (nicIps.length === 0) throw new RouteValueError("nicIps", "must have at least one range");
	checkFamily("nicIps", af, nicIps);
	checkFamily("extIps", af, extIps);
	checkFamily("linkLocals", af, linkLocals);
	for (const [index, range] of extIps.entries()) {
		if (!isExternal(range)) {
			throw new RouteValueError(`extIps[${index}]`, `is ${range}, which cannot be external addresses`);
		}
	}
	for (const [index, range] of linkLocals.entries()) {
		if (!range.isLinkLocal)
			throw new RouteValueError(`linkLocals[${index}]`, `is ${range}, which is not link-local`);
	}
	if (source === null) return;
	if (!isIp(source)) throw new RouteValueError("source", `is not an IP address: ${JSON.stringify(source)}`);
	const ip = new IPRange(source);
	if (![...nicIps, ...extIps].some((range) => range.contains(ip))) {
		throw new RouteValueError("source", `is ${source}, which is on neither side of the route`);
	}
}

/** Classes of addresses that no host can be seen under from elsewhere. "mixed" is a block of several classes. */
const NOT_EXTERNAL: ReadonlySet<string> = new Set([
	"unspecified",
	"this-network",
	"multicast",
	"link-local",
	"broadcast",
	"reserved",
	"protocol",
	"discard",
	"mixed",
]);

/**
 * Whether others can see all of an address or block as somebody's: unicast, and not of one link. Loopback counts, because
 * this host sees it, and so do private addresses.
 */
export function isExternal(ip: IpAddress | IPRange): boolean {
	return !NOT_EXTERNAL.has(ip.ipClass);
}

function checkFamily(field: string, af: Family, list: readonly IPRange[]): void {
	for (const [index, range] of list.entries()) {
		if (range.af !== af)
			throw new RouteValueError(`${field}[${index}]`, `is ${range}, which is not IPv${af}`);
	}
}

/**
 * The address that a route's sockets are bound to: the external address if the NIC has it, otherwise the NIC address that
 * it was observed from. This is P2PD's rule for both families: IPv4 takes the NIC's side, and IPv6 the external address if
 * it is on the NIC, but an external address on the NIC is its own NIC side.
 */
export function chooseSource(route: Omit<RouteSides, "nic" | "linkLocals">): IpAddress {
	const external = route.extIps[0];
	if (external !== undefined && isOnNic(route, external)) return external.first;
	if (route.source !== null) return IpAddress.parse(route.source);
	const own = route.nicIps.find((range) => !needsZone(range.first)) ?? route.nicIps[0];
	if (own === undefined) throw new RouteValueError("nicIps", "must have at least one range");
	return own.first;
}

/**
 * Whether the NIC has an external address. P2PD's IPv6 routes have only link-locals as their NIC side if the external
 * address is on the NIC.
 */
export function isOnNic({ af, nicIps }: Pick<RouteSides, "af" | "nicIps">, external: IPRange): boolean {
	if (nicIps.some((range) => range.contains(external))) return true;
	return af === 6 && nicIps.every((range) => needsZone(range.first));
}
