import { IP4, IP6, kernelSourceAddress } from "@p2pd/net";
import { MAX_SOURCES } from "../defaults.js";
import { AddressZoneError } from "../errors.js";
import { IpAddress } from "../ip/ip-address.js";
import type { Candidate } from "./order.js";
import type { ResolvedEndpoint, ResolverSockets, SourceLookup } from "./types.js";

/*
 * What an address means on this machine and through these sockets: the loopback for the any-address, the zone of a
 * link-local address, and the source that packets to it have.
 */

const LOOPBACK = { 4: IpAddress.parse("127.0.0.1"), 6: IpAddress.parse("::1") } as const;

/** The addresses of a name that means this machine. */
export const LOOPBACKS: readonly IpAddress[] = [LOOPBACK[4], LOOPBACK[6]];

/** Interface-local and link-local multicast, RFC 4291 section 2.7. */
const LINK_MULTICAST_SCOPES = new Set([1, 2]);

/** Addresses that can be connected to from here, and those that cannot. */
export interface Placed {
	readonly placed: readonly IpAddress[];
	readonly dropped: readonly { readonly ip: string; readonly reason: string }[];
}

/**
 * Makes addresses usable on this machine, each once. A link-local address without a zone is dropped.
 *
 * @throws AddressZoneError if no address is left
 */
export function placeAll(
	addresses: readonly IpAddress[],
	sockets: ResolverSockets | null,
	platform: NodeJS.Platform,
): Placed {
	const placed = new Map<string, IpAddress>();
	const dropped: { ip: string; reason: string }[] = [];
	let lost: AddressZoneError | undefined;
	for (const address of addresses) {
		try {
			const destination = place(address, sockets, platform);
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

/** Finds the source of each destination, as far as it can be known. */
export function withSources(
	addresses: readonly IpAddress[],
	sockets: ResolverSockets | null,
	kernel: SourceLookup,
): Promise<Candidate[]> {
	return Promise.all(
		addresses.map(async (address, i) => ({
			address,
			source: i < 2 * MAX_SOURCES ? await sourceOf(address, sockets, kernel) : undefined,
		})),
	);
}

/** The source that the kernel would use. */
export const kernelSource: SourceLookup = async (destination) => {
	const { ip, code } = await kernelSourceAddress(destination.toString());
	if (ip !== null) return IpAddress.parse(ip);
	return UNREACHABLE.has(code) ? null : undefined;
};

/** The endpoint of an address and a port. */
export function toEndpoint(address: IpAddress, port: number): ResolvedEndpoint {
	const { af, isPrivate, isPublic, isLoopback } = address;
	return { af, ip: address.toString(), port, isPrivate, isPublic, isLoopback };
}

/** System error codes that mean: no way to that destination. */
const UNREACHABLE = new Set([
	"ENETUNREACH",
	"EHOSTUNREACH",
	"ENETDOWN",
	"EADDRNOTAVAIL",
	"EAFNOSUPPORT",
	"EINVAL",
]);

function place(address: IpAddress, sockets: ResolverSockets | null, platform: NodeJS.Platform): IpAddress {
	if (address.isUnspecified) return LOOPBACK[address.unmapped().af === IP4 ? IP4 : IP6];
	if (address.zone !== null || !isLinkScoped(address)) return address;
	const zone = sockets === null ? null : zoneOf(sockets, platform);
	if (zone !== null) return address.withZone(zone);
	// For multicast the kernel chooses a NIC; for a neighbour it does not.
	if (address.isMulticast) return address;
	throw new AddressZoneError(`${address}`, "a link-local address needs a zone (%eth0) or a route with a NIC");
}

/** Whether an address means something only on one link of this machine. */
function isLinkScoped(address: IpAddress): boolean {
	if (address.unmapped().af === IP4) return false;
	if (address.isMulticast) return LINK_MULTICAST_SCOPES.has((address.toBytes()[1] ?? 0) & 0xf);
	return address.isLinkLocal;
}

function zoneOf({ nic = null, localIp }: ResolverSockets, platform: NodeJS.Platform): string | null {
	if (nic === null) return localIp === undefined ? null : IpAddress.parse(localIp).zone;
	if (platform !== "win32") return nic.name;
	return nic.index === null ? null : String(nic.index);
}

async function sourceOf(
	address: IpAddress,
	sockets: ResolverSockets | null,
	kernel: SourceLookup,
): ReturnType<SourceLookup> {
	if (sockets === null) return kernel(address);
	if (sockets.af !== address.af) return null;
	const local = sockets.localIp === undefined ? null : IpAddress.parse(sockets.localIp);
	if (local !== null && !local.isUnspecified) return local;
	// A socket bound to a NIC but not to an address gets one that the kernel does not tell beforehand.
	return (sockets.nic ?? null) === null ? kernel(address) : undefined;
}
