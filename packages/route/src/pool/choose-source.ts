import { type Family, type IPRange, IpAddress } from "@p2pd/address";
import { needsZone } from "../sockets/place.js";

/** The sides of a route, as far as its source address follows from them. */
export interface RouteSides {
	readonly af: Family;
	readonly nicIps: readonly IPRange[];
	readonly extIps: readonly IPRange[];
	readonly source: string | null;
}

/**
 * The address that a route's sockets are bound to.
 *
 * IPv4 takes the NIC's side, and IPv6 the external address where that is on the NIC; since an external address
 * that is on the NIC is its own NIC side, both are one rule: the external address if the NIC has it, otherwise
 * the NIC address that it was observed from.
 */
export function chooseSource(route: RouteSides): IpAddress {
	const external = route.extIps[0];
	if (external !== undefined && isOnNic(route, external)) return external.first;
	if (route.source !== null) return IpAddress.parse(route.source);
	const own = route.nicIps.find((range) => !needsZone(range.first)) ?? route.nicIps[0];
	if (own === undefined) throw new RangeError("a route has at least one NIC address");
	return own.first;
}

/**
 * Whether the NIC has an external address. P2PD's IPv6 routes have nothing but link-locals as their NIC
 * side, which stands for "the external address is on the NIC".
 */
export function isOnNic({ af, nicIps }: RouteSides, external: IPRange): boolean {
	if (nicIps.some((range) => range.contains(external))) return true;
	return af === 6 && nicIps.every((range) => needsZone(range.first));
}
