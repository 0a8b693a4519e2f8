import { SOURCES_AT_MOST } from "../defaults.js";
import { IpAddress } from "../ip/ip-address.js";
import type { SourceLookup } from "../order/kernel-source.js";
import type { Candidate } from "../order/order-destinations.js";
import type { AddressRoute } from "./types.js";

/** Finds the source of each destination, as far as it can be known. */
export function withSources(
	addresses: readonly IpAddress[],
	route: AddressRoute | null,
	kernel: SourceLookup,
): Promise<Candidate[]> {
	return Promise.all(
		addresses.map(async (address, i) => ({
			address,
			source: i < 2 * SOURCES_AT_MOST ? await sourceOf(address, route, kernel) : undefined,
		})),
	);
}

async function sourceOf(
	address: IpAddress,
	route: AddressRoute | null,
	kernel: SourceLookup,
): ReturnType<SourceLookup> {
	if (route === null) return kernel(address);
	if (route.af !== address.af) return null;
	const local = IpAddress.parse(route.localIp);
	if (!local.isUnspecified) return local;
	// A socket that is bound to a NIC and to no address gets one that the kernel does not tell beforehand.
	return route.nic === null ? kernel(address) : undefined;
}
