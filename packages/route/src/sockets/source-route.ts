import { type Family, type Fields, is, type NicRef, objectProblem } from "@p2pd/net";
import { isNicOrNull } from "../arguments.js";
import { refuse } from "../errors.js";
import { localityOf } from "../kernel/locality.js";
import { type SocketDeps, systemDeps } from "../kernel/system.js";
import type { DeviceBinding } from "../types.js";
import { decideDevice } from "./device-binding.js";
import { anyIp, readLocalIp } from "./local-binding.js";
import { BoundSockets, type NicSockets } from "./nic-sockets.js";

/** What {@link sourceRoute} takes. */
export interface SourceRouteOptions {
	readonly af: Family;
	readonly nic: NicRef | null;
	/** The address to bind, of that family. A link-local one gets the NIC's zone. */
	readonly ip: string;
	/** The port of sockets that are not given another. @default 0 */
	readonly port?: number;
	/**
	 * `"device"` refuses anything less, `"source-address"` never binds to the device. @default to the device
	 * where the NIC is not the default one and the system can
	 */
	readonly deviceBinding?: DeviceBinding;
	/** The NIC's link-local address, the source for link-local destinations (IPv6). @default the kernel's choice */
	readonly linkLocal?: string;
}

const fields: Fields = {
	af: is.family,
	nic: isNicOrNull,
	ip: is.text,
	port: is.port,
	deviceBinding: is.oneOf("device", "source-address"),
	linkLocal: is.text,
};

/**
 * Sockets of one NIC and one source address without a route: external addresses are observed with them.
 * @throws RouteFamilyError, RouteZoneError, RouteValueError, AddressSyntaxError; RouteDeviceBindingError where
 * `deviceBinding` is `"device"` and the system refuses it
 */
export function sourceRoute(options: SourceRouteOptions, deps: SocketDeps = systemDeps): NicSockets {
	refuse(objectProblem(options, "", fields, { required: ["af", "nic", "ip"] }));
	const { af, nic, port = 0 } = options;
	const ip = readLocalIp(options.ip, af, nic);
	const linkLocal = options.linkLocal === undefined ? null : readLocalIp(options.linkLocal, af, nic);
	const { binding, reason } = decideDevice(af, nic, ip, options.deviceBinding, deps);
	const strict = options.deviceBinding === "device";
	const freeBind = localityOf(ip, deps) === "routed";
	return new BoundSockets({ af, nic, ip, linkLocal, port, freeBind, binding, strict }, reason, deps);
}

/**
 * A socket factory that leaves NIC and address to the kernel: what a program has without routes.
 * @throws RouteValueError for a family other than 4 and 6
 */
export function kernelRoute(af: Family, deps: SocketDeps = systemDeps): NicSockets {
	refuse(is.family(af, "af"));
	const binding = {
		af,
		nic: null,
		ip: anyIp(af),
		linkLocal: null,
		port: 0,
		freeBind: false,
		binding: "source-address",
		strict: false,
	} as const;
	return new BoundSockets(binding, "the kernel chooses the NIC", deps);
}
