import { type Family, IpAddress } from "@p2pd/address";
import { RouteFamilyError } from "../errors.js";
import type { DeviceBinding, RouteNic } from "../types.js";
import { BoundSockets } from "./bound-sockets.js";
import { checkPort } from "./check-options.js";
import { systemDeps } from "./deps.js";
import { decideDevice } from "./device-binding.js";
import { localityOf } from "./locality.js";
import { onLink } from "./place.js";
import type { SocketDeps } from "./types.js";

/** What {@link sourceRoute} takes. */
export interface SourceRouteOptions {
	readonly af: Family;
	readonly nic: RouteNic | null;
	/** The address to bind, of that family; a link-local one gets the NIC's zone. */
	readonly ip: string;
	/** The port of sockets that are not told another. @default 0 */
	readonly port?: number;
	/**
	 * `"device"` refuses anything less, `"source-address"` never binds to the device. @default to the device
	 * where the NIC is not the default one and the system can
	 */
	readonly deviceBinding?: DeviceBinding;
	/** The NIC's link-local address, the source for link-local destinations (IPv6). @default the kernel's choice */
	readonly linkLocal?: string;
}

/**
 * Sockets of one NIC and one source address, before there is any route: what external addresses are observed
 * with.
 * @throws RouteFamilyError, RouteZoneError, RouteValueError, AddressSyntaxError; DeviceBindingError where the
 * device is insisted on and cannot be had.
 */
export function sourceRoute(options: SourceRouteOptions, deps: SocketDeps = systemDeps): BoundSockets {
	const { af, nic } = options;
	const ip = ownIp(options.ip, af, nic);
	const linkLocal = options.linkLocal === undefined ? null : ownIp(options.linkLocal, af, nic);
	const port = checkPort("port", options.port ?? 0);
	const { binding, reason } = decideDevice(af, nic, ip, options.deviceBinding, deps);
	const strict = options.deviceBinding === "device";
	const freeBind = localityOf(ip, deps) === "routed";
	return new BoundSockets({ af, nic, ip, linkLocal, port, freeBind, binding, strict }, reason, deps);
}

/** An address of the route's family, with the NIC's zone if it is link-local. */
export function ownIp(text: string, af: Family, nic: RouteNic | null): IpAddress {
	const ip = IpAddress.parse(text);
	if (ip.af !== af) throw new RouteFamilyError(text, af);
	return onLink(ip, nic);
}
