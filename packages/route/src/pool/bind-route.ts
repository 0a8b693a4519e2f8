import { IPRange, type IpAddress } from "@p2pd/address";
import { RouteNoAddressError } from "../errors.js";
import { checkPort } from "../sockets/check-options.js";
import { decideDevice } from "../sockets/device-binding.js";
import { openUdp } from "../sockets/open-udp.js";
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
	const seat: Seat = { af, nic, ip, linkLocal: linkLocalOf(route), port, binding, strict };
	if (own && isBlockHost(route, ip)) await checkLocal(seat, deps);
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

/** A block is trusted whole, but the OS need not have every host of it: a socket that sends nothing tells. */
async function checkLocal(seat: Seat, deps: SocketDeps): Promise<void> {
	try {
		const socket = await openUdp(seat, { port: 0 }, deps);
		socket.close();
	} catch (cause) {
		const hint = `the OS does not have ${seat.ip} as its own; on Linux, "ip route add local ${seat.ip} dev lo" gives it a block`;
		throw new RouteNoAddressError(hint, { cause });
	}
}
