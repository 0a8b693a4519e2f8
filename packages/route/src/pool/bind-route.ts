import { IPRange, type IpAddress } from "@p2pd/address";
import { RouteNoAddressError } from "../errors.js";
import { checkPort } from "../sockets/check-options.js";
import { decideDevice } from "../sockets/device-binding.js";
import { type Locality, localityByNode, localityOf } from "../sockets/locality.js";
import { needsZone, onLink } from "../sockets/place.js";
import type { Seat, SocketDeps } from "../sockets/types.js";
import type { BindOptions } from "../types.js";
import { bindTarget } from "./bind-target.js";
import { BoundRoute } from "./bound-route.js";
import { chooseSource } from "./choose-source.js";
import type { Route } from "./route.js";

/** `route.bind()`: decides where sockets of the route sit. See {@link Route.bind}. */
export async function bindRoute(route: Route, options: BindOptions, deps: SocketDeps): Promise<BoundRoute> {
	const { af, nic } = route;
	const port = checkPort("port", options.port ?? 0);
	const own = options.ips === undefined;
	const ip = own ? onLink(chooseSource(route), nic) : bindTarget(options.ips, af, nic);
	const strict = options.strict === true;
	const { binding, reason } = decideDevice(af, nic, ip, strict ? "device" : undefined, deps);
	const locality = localityOf(ip, deps);
	if (own && isBlockHost(route, ip)) {
		refuseForeign(ip, locality === "unknown" ? await localityByNode(ip) : locality);
	}
	const freeBind = locality === "routed";
	const seat: Seat = { af, nic, ip, linkLocal: linkLocalOf(route), port, freeBind, binding, strict };
	return new BoundRoute(route, seat, reason, deps);
}

/** The address that link-local destinations are reached from, with its zone. */
function linkLocalOf({ linkLocals, nicIps, nic }: Route): IpAddress | null {
	const range = [...linkLocals, ...nicIps].find((candidate) => needsZone(candidate.first));
	if (range === undefined || (nic === null && range.zone === null)) return null;
	return onLink(range.first, nic);
}

/** Whether an address is one of many that a block stands for, and not one that the NIC was seen to have. */
function isBlockHost({ nicIps, extIps, source }: Route, ip: IpAddress): boolean {
	if (source === ip.toString()) return false;
	const single = new IPRange(ip);
	return (
		!nicIps.some((range) => range.equals(single)) &&
		[...nicIps, ...extIps].some((range) => !range.isSingle && range.contains(single))
	);
}

/** A block is trusted whole, but the OS need not have every host of it as its own. */
function refuseForeign(ip: IpAddress, locality: Locality): void {
	if (locality === "broadcast") {
		throw new RouteNoAddressError(
			`${ip} is the broadcast address of a network, and the kernel would send from another`,
		);
	}
	if (locality === "absent") {
		throw new RouteNoAddressError(
			`the OS does not have ${ip} as its own; on Linux, "ip route add local PREFIX dev lo" gives it a whole block`,
		);
	}
}
