import { IPRange, type IpAddress } from "@p2pd/address";
import { type Family, type Fields, is, type NicRef, objectProblem } from "@p2pd/net";
import { RouteNoAddressError, RouteValueError, refuse } from "../errors.js";
import { type Locality, localityByNode, localityOf } from "../kernel/locality.js";
import type { SocketDeps } from "../kernel/system.js";
import { decideDevice } from "../sockets/device-binding.js";
import {
	anyIp,
	type LocalBinding,
	loopbackIp,
	needsZone,
	readLocalIp,
	withNicZone,
} from "../sockets/local-binding.js";
import type { BindOptions } from "../types.js";
import { chooseSource, type RouteSides } from "./route-sides.js";

const fields: Fields = { port: is.port, ips: is.text, strict: is.boolean };

/**
 * The arguments of `route.bind()` as options and dependencies. P2PD's positional forms are taken too: `bind(port)`,
 * `bind(ips)`, `bind(port, ips)`.
 * @throws RouteValueError (`ERR_ROUTE_VALUE`) naming the argument
 */
export function readBindArguments(
	first: unknown,
	second: unknown,
	defaults: SocketDeps,
): { readonly options: BindOptions; readonly deps: SocketDeps } {
	if (typeof first === "number") {
		refuse(is.port(first, "port"));
		if (second !== undefined) refuse(is.text(second, "ips"));
		return {
			options: { port: first, ...(typeof second === "string" ? { ips: second } : {}) },
			deps: defaults,
		};
	}
	if (typeof first === "string") {
		if (second !== undefined) throw new RouteValueError("ips", "comes after the port: bind(port, ips)");
		return { options: { ips: first }, deps: defaults };
	}
	const options = first ?? (first === undefined ? {} : null);
	refuse(objectProblem(options, "", fields, { renamed: { ip: "ips", address: "ips", host: "ips" } }));
	if (second !== undefined && !isDeps(second)) {
		throw new RouteValueError(
			"deps",
			"must be what the environment supplies; bind(port, ips) takes an address second",
		);
	}
	return { options: options as BindOptions, deps: second ?? defaults };
}

function isDeps(value: unknown): value is SocketDeps {
	return (
		typeof value === "object" &&
		value !== null &&
		"libc" in value &&
		typeof value.libc === "function" &&
		"clock" in value &&
		"reversePathFilter" in value
	);
}

/** Decides what the sockets of a route are bound to. See `Route.bind`. */
export async function bindSides(
	route: RouteSides,
	options: BindOptions,
	deps: SocketDeps,
): Promise<{ readonly binding: LocalBinding; readonly reason: string | null }> {
	const { af, nic } = route;
	const { port = 0, ips, strict = false } = options;
	const own = ips === undefined;
	const ip = own ? withNicZone(chooseSource(route), nic) : readBindAddress(ips, af, nic);
	const { binding, reason } = decideDevice(af, nic, ip, strict ? "device" : undefined, deps);
	const locality = localityOf(ip, deps);
	if (own && isBlockHost(route, ip)) {
		refuseForeign(ip, locality === "unknown" ? await localityByNode(ip) : locality);
	}
	const freeBind = locality === "routed";
	return {
		binding: { af, nic, ip, linkLocal: linkLocalOf(route), port, freeBind, binding, strict },
		reason,
	};
}

/** How "every address" may be written, besides an any-address. */
const EVERY_ADDRESS: ReadonlySet<string> = new Set(["*", ""]);

/**
 * The address that `ips` stands for: "every address" in any spelling, "localhost", or an address of the family, which may
 * have its full prefix length. A link-local address gets the NIC's zone.
 * @throws RouteValueError for text that is not an address, RouteFamilyError (`::1` for an IPv4 route), RouteZoneError
 */
function readBindAddress(ips: string, af: Family, nic: NicRef | null): IpAddress {
	if (EVERY_ADDRESS.has(ips)) return anyIp(af);
	if (ips.toLowerCase() === "localhost") return loopbackIp(af);
	let range: IPRange;
	try {
		range = IPRange.parse(ips);
	} catch (cause) {
		throw new RouteValueError(
			"ips",
			`must be an IP address, "*" or "localhost", not ${JSON.stringify(ips.slice(0, 60))}`,
			{
				cause,
			},
		);
	}
	if (range.cidr === 0 && range.network.isUnspecified && range.af === af) return anyIp(af);
	if (!range.isSingle && !range.hasHostBits) {
		throw new RouteValueError("ips", `must be one address, not the block ${range}`);
	}
	return readLocalIp(range.ip, af, nic);
}

/** The address that link-local destinations are reached from, with its zone. */
function linkLocalOf({ linkLocals, nicIps, nic }: RouteSides): IpAddress | null {
	const range = [...linkLocals, ...nicIps].find((candidate) => needsZone(candidate.first));
	if (range === undefined || (nic === null && range.zone === null)) return null;
	return withNicZone(range.first, nic);
}

/** Whether an address is one of many in a block, and not one that the NIC was observed to have. */
function isBlockHost({ nicIps, extIps, source }: RouteSides, ip: IpAddress): boolean {
	if (source === ip.toString()) return false;
	const single = new IPRange(ip);
	return (
		!nicIps.some((range) => range.equals(single)) &&
		[...nicIps, ...extIps].some((range) => !range.isSingle && range.contains(single))
	);
}

/** A block is trusted whole, but the system need not have each of its hosts as its own address. */
function refuseForeign(ip: IpAddress, locality: Locality): void {
	if (locality === "broadcast") {
		throw new RouteNoAddressError(
			`${ip} is the broadcast address of a network, and the kernel would send from another address`,
		);
	}
	if (locality === "absent") {
		throw new RouteNoAddressError(
			`this system does not have the address ${ip}; on Linux, "ip route add local PREFIX dev lo" gives it a whole block`,
		);
	}
}
