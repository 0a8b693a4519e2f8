import { type Family, IpAddress } from "@p2pd/address";
import { DeviceBindingError, RouteFamilyError, RouteNoAddressError, RouteZoneError } from "../errors.js";
import type { RouteNic } from "../types.js";
import type { Place, Seat } from "./types.js";

const ANY: Record<Family, IpAddress> = { 4: IpAddress.parse("0.0.0.0"), 6: IpAddress.parse("::") };
const LOOPBACK: Record<Family, IpAddress> = { 4: IpAddress.parse("127.0.0.1"), 6: IpAddress.parse("::1") };

/** The any-address of a family. */
export function anyIp(af: Family): IpAddress {
	return ANY[af];
}

/** The loopback address of a family. */
export function loopbackIp(af: Family): IpAddress {
	return LOOPBACK[af];
}

/** Whether an address means nothing without its link: fe80::/10. (IPv4's 169.254/16 takes no zone.) */
export function needsZone(ip: IpAddress): boolean {
	return ip.af === 6 && ip.isLinkLocal;
}

/** Whether an address may say its link: link-local unicast, and multicast of interface or link scope. */
function takesZone(ip: IpAddress): boolean {
	if (needsZone(ip)) return true;
	const scope = (ip.toBytes()[1] ?? 0) & 0x0f;
	return ip.af === 6 && ip.isMulticast && (scope === 1 || scope === 2);
}

/**
 * The address with the zone of the NIC it is used on: its own if it has one that is this NIC's, else the
 * NIC's name. Any other address is given back as it is.
 * @throws RouteZoneError (`ERR_ROUTE_ZONE`) for another NIC's zone, or where no link is known at all.
 */
export function onLink(ip: IpAddress, nic: RouteNic | null): IpAddress {
	if (!takesZone(ip)) return ip;
	if (nic === null) {
		if (ip.zone === null && needsZone(ip))
			throw new RouteZoneError(`${ip}`, "which link? Give it a %zone, or a route with a NIC");
		return ip;
	}
	if (ip.zone === null || ip.zone === String(nic.index)) return ip.withZone(nic.name);
	if (ip.zone !== nic.name) throw new RouteZoneError(`${ip}`, `is on another link than ${nic.name}`);
	return ip;
}

/**
 * Where a socket of a seat sits when its destination is `to` (null: several, or not known yet).
 *
 * - The loopback is reached from the loopback address and from no device: from another one it is unreachable.
 * - A link-local destination is reached from a link-local address of its link, and from there nothing else is.
 * - Everything else: the seat's own address, on its device if it is bound to it.
 * @throws RouteFamilyError, RouteZoneError, RouteNoAddressError; DeviceBindingError for a loopback in strict mode.
 */
export function placeFor(seat: Seat, to: IpAddress | null): Place {
	const device = seat.binding === "device" ? seat.nic : null;
	if (to === null) return { ip: seat.ip, freeBind: seat.freeBind, device, to };
	if (to.af !== seat.af) throw new RouteFamilyError(`${to}`, seat.af);
	if (to.isLoopback) return loopbackPlace(seat, to);
	const there = onLink(to, seat.nic);
	if (needsZone(there)) return { ip: linkLocalSource(seat), freeBind: false, device, to: there };
	if (needsZone(seat.ip) && !to.isMulticast) {
		throw new RouteNoAddressError(
			`${to} cannot be reached from ${seat.ip}, which is only good on its own link`,
		);
	}
	return { ip: seat.ip, freeBind: seat.freeBind, device, to: there };
}

function loopbackPlace(seat: Seat, to: IpAddress): Place {
	if (seat.strict) {
		throw new DeviceBindingError(
			seat.nic?.name ?? null,
			`the loopback address ${to} cannot be reached from the device`,
		);
	}
	const own = seat.ip.isLoopback || seat.ip.isUnspecified;
	return { ip: own ? seat.ip : loopbackIp(seat.af), freeBind: false, device: null, to };
}

/** With no link-local address known, the kernel picks one: the destination's zone names the link. */
function linkLocalSource(seat: Seat): IpAddress | null {
	if (needsZone(seat.ip) || seat.ip.isUnspecified) return seat.ip;
	return seat.linkLocal;
}
