import { IpAddress } from "@p2pd/address";
import type { Family, NicRef } from "@p2pd/net";
import { ANSWERS_KEPT } from "../defaults.js";
import { RouteDeviceBindingError, RouteFamilyError, RouteNoAddressError, RouteZoneError } from "../errors.js";
import type { DeviceBinding } from "../types.js";

/** What the sockets of a factory are bound to: decided once, when the route is bound. */
export interface LocalBinding {
	readonly af: Family;
	readonly nic: NicRef | null;
	/** The address to bind; the any-address where the kernel chooses. Has a zone if it is link-local. */
	readonly ip: IpAddress;
	/** The NIC's link-local address (IPv6), with its zone: the source for link-local destinations. */
	readonly linkLocal: IpAddress | null;
	/** The port of sockets that are not given another; 0 gives each socket a port of its own. */
	readonly port: number;
	readonly binding: DeviceBinding;
	/** Whether the address is routed to this machine without being on a NIC (Linux), so that it takes IP_FREEBIND. */
	readonly freeBind: boolean;
	/** Whether a socket that is not bound to the device is refused. */
	readonly strict: boolean;
}

/** What one socket is bound to, which depends on its destination. */
export interface SocketSource {
	/** The address to bind, or null to leave it to the kernel. */
	readonly ip: IpAddress | null;
	/** Whether binding it takes IP_FREEBIND. */
	readonly freeBind: boolean;
	/** The NIC to bind the socket to, or null for none. */
	readonly device: NicRef | null;
	/** The destination, with its zone if it is link-local; null if there are several or it is unknown. */
	readonly to: IpAddress | null;
}

const ANY: Readonly<Record<Family, IpAddress>> = {
	4: IpAddress.parse("0.0.0.0"),
	6: IpAddress.parse("::"),
};
const LOOPBACK: Readonly<Record<Family, IpAddress>> = {
	4: IpAddress.parse("127.0.0.1"),
	6: IpAddress.parse("::1"),
};

/** The any-address of a family. */
export function anyIp(af: Family): IpAddress {
	return ANY[af];
}

/** The loopback address of a family. */
export function loopbackIp(af: Family): IpAddress {
	return LOOPBACK[af];
}

/** Whether an address is ambiguous without its link: fe80::/10. (IPv4's 169.254.0.0/16 takes no zone.) */
export function needsZone(ip: IpAddress): boolean {
	return ip.af === 6 && ip.isLinkLocal;
}

/** Whether an address may name its link: link-local unicast, and multicast of interface or link scope. */
function takesZone(ip: IpAddress): boolean {
	if (needsZone(ip)) return true;
	const scope = (ip.toBytes()[1] ?? 0) & 0x0f;
	return ip.af === 6 && ip.isMulticast && (scope === 1 || scope === 2);
}

/**
 * The address with the zone of the NIC that it is used on, if it takes a zone; other addresses as they are. A zone that
 * the address has already must be this NIC's.
 * @throws RouteZoneError (`ERR_ROUTE_ZONE`) for another NIC's zone, or if the link is unknown
 */
export function withNicZone(ip: IpAddress, nic: NicRef | null): IpAddress {
	if (!takesZone(ip)) return ip;
	if (nic === null) {
		if (ip.zone === null && needsZone(ip))
			throw new RouteZoneError(`${ip}`, "needs a %zone, or a route that has a NIC");
		return ip;
	}
	if (ip.zone === null || ip.zone === String(nic.index)) return ip.withZone(nic.name);
	if (ip.zone !== nic.name) throw new RouteZoneError(`${ip}`, `is on another link than ${nic.name}`);
	return ip;
}

/**
 * Reads an address of the route's family, with the NIC's zone if it is link-local.
 * @throws AddressSyntaxError, RouteFamilyError, RouteZoneError
 */
export function readLocalIp(text: string, af: Family, nic: NicRef | null): IpAddress {
	const ip = IpAddress.parse(text);
	if (ip.af !== af) throw new RouteFamilyError(text, af);
	return withNicZone(ip, nic);
}

/**
 * What a socket is bound to when its destination is `to` (null: several, or not known yet).
 *
 * - Loopback destinations: the loopback address and no device, because from a device they are unreachable.
 * - Link-local destinations: a link-local address of their link, from which nothing else can be reached.
 * - All others: the binding's own address, on its device if it is bound to it.
 * @throws RouteFamilyError, RouteZoneError, RouteNoAddressError; RouteDeviceBindingError for loopback in strict mode
 */
export function sourceTo(binding: LocalBinding, to: IpAddress | null): SocketSource {
	const { ip, freeBind, nic } = binding;
	const device = binding.binding === "device" ? nic : null;
	if (to === null) return { ip, freeBind, device, to };
	if (to.af !== binding.af) throw new RouteFamilyError(`${to}`, binding.af);
	if (to.isLoopback) return sourceToLoopback(binding, to);
	const there = withNicZone(to, nic);
	if (needsZone(there)) return { ip: linkLocalSource(binding), freeBind: false, device, to: there };
	if (needsZone(ip) && !to.isMulticast) {
		throw new RouteNoAddressError(`${to} cannot be reached from ${ip}, which is valid on its own link only`);
	}
	return { ip, freeBind, device, to: there };
}

function sourceToLoopback({ af, nic, ip, strict }: LocalBinding, to: IpAddress): SocketSource {
	if (strict) {
		throw new RouteDeviceBindingError(
			nic?.name ?? null,
			`the loopback address ${to} cannot be reached from the device`,
		);
	}
	return { ip: ip.isLoopback || ip.isUnspecified ? ip : loopbackIp(af), freeBind: false, device: null, to };
}

/** If no link-local address is known, the kernel picks one: the destination's zone names the link. */
function linkLocalSource({ ip, linkLocal }: LocalBinding): IpAddress | null {
	return needsZone(ip) || ip.isUnspecified ? ip : linkLocal;
}

/**
 * {@link sourceTo} by the destination's text, remembered. A program connects to the same few destinations again and
 * again, and reading an address costs as much as all other decisions before the socket.
 */
export class SourcesByDestination {
	readonly #binding: LocalBinding;
	readonly #kept = new Map<string, SocketSource & { readonly to: IpAddress }>();

	constructor(binding: LocalBinding) {
		this.#binding = binding;
	}

	/** @throws AddressSyntaxError, and as {@link sourceTo} */
	get(ip: string): SocketSource & { readonly to: IpAddress } {
		const kept = this.#kept.get(ip);
		if (kept !== undefined) return kept;
		const given = IpAddress.parse(ip);
		const source = sourceTo(this.#binding, given);
		const known = { ...source, to: source.to ?? given };
		if (this.#kept.size >= ANSWERS_KEPT) this.#kept.clear();
		this.#kept.set(ip, known);
		return known;
	}
}
