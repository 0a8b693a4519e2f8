import type { Family, IpAddress } from "@p2pd/address";
import { anyIp, loopbackIp } from "../sockets/place.js";
import { ownIp } from "../sockets/source-route.js";
import type { RouteNic } from "../types.js";

/** How the any-address may be spelled, beside as an address. */
const ANY_SPELLINGS: ReadonlySet<string> = new Set(["*", ""]);

/**
 * The address that `ips` names: any spelling of "every address", "localhost", or an address of the family.
 * A link-local address gets the NIC's zone, and nothing else does.
 * @throws AddressSyntaxError, RouteFamilyError (`::1` for an IPv4 route), RouteZoneError.
 */
export function bindTarget(ips: string, af: Family, nic: RouteNic | null): IpAddress {
	if (ANY_SPELLINGS.has(ips)) return anyIp(af);
	if (ips.toLowerCase() === "localhost") return loopbackIp(af);
	return ownIp(ips, af, nic);
}
