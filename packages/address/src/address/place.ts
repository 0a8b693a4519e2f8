import { AddressZoneError } from "../errors.js";
import { IP4, IP6 } from "../family.js";
import { IpAddress } from "../ip/ip-address.js";
import type { AddressRoute } from "./types.js";

/** The part of a route that a destination's place depends on. */
export type PlaceRoute = Pick<AddressRoute, "nic" | "localIp">;

const LOOPBACK = { 4: IpAddress.parse("127.0.0.1"), 6: IpAddress.parse("::1") } as const;

/** Interface-local and link-local multicast, RFC 4291 section 2.7. */
const NEAR_MULTICAST_SCOPES = new Set([1, 2]);

/**
 * A destination as it can be connected to from here: the any-address is the loopback of its family, and a
 * link-local one gets the route's zone unless it has one.
 * @throws AddressZoneError for a link-local unicast address that has no zone from either (`ERR_ADDRESS_ZONE`).
 */
function placeDestination(
	address: IpAddress,
	route: PlaceRoute | null,
	platform: NodeJS.Platform,
): IpAddress {
	if (address.isUnspecified) return LOOPBACK[address.af === IP4 || address.unmapped().af === IP4 ? IP4 : IP6];
	if (address.zone !== null || !isNear(address)) return address;
	const zone = route === null ? null : zoneOf(route, platform);
	if (zone !== null) return address.withZone(zone);
	// The kernel has a NIC of its own choice for multicast, and none for a neighbour.
	if (address.isMulticast) return address;
	throw new AddressZoneError(`${address}`, "a link-local address needs a zone (%eth0) or a route with a NIC");
}

/** Destinations made fit for this machine, and those that could not be. */
export interface Placed {
	readonly placed: readonly IpAddress[];
	readonly dropped: readonly { readonly ip: string; readonly reason: string }[];
}

/** Makes addresses fit for this machine. Each is there once. One that has no place is dropped, if another one has. */
export function placeAll(
	addresses: readonly IpAddress[],
	route: PlaceRoute | null,
	platform: NodeJS.Platform,
): Placed {
	const placed = new Map<string, IpAddress>();
	const dropped: { ip: string; reason: string }[] = [];
	let lost: AddressZoneError | undefined;
	for (const address of addresses) {
		try {
			const destination = placeDestination(address, route, platform);
			placed.set(destination.toString(), destination);
		} catch (error) {
			if (!(error instanceof AddressZoneError)) throw error;
			lost = error;
			dropped.push({ ip: address.toString(), reason: error.message });
		}
	}
	if (placed.size === 0 && lost) throw lost;
	return { placed: [...placed.values()], dropped };
}

/** Whether an address means something only on one link of this machine. */
function isNear(address: IpAddress): boolean {
	if (address.af === IP4 || address.unmapped().af === IP4) return false;
	if (address.isMulticast) return NEAR_MULTICAST_SCOPES.has((address.toBytes()[1] ?? 0) & 0xf);
	return address.isLinkLocal;
}

function zoneOf({ nic, localIp }: PlaceRoute, platform: NodeJS.Platform): string | null {
	if (nic === null) return IpAddress.parse(localIp).zone;
	if (platform !== "win32") return nic.name;
	return nic.index === undefined || nic.index === null ? null : String(nic.index);
}
