import { Address, type AddressRoute } from "@p2pd/address";
import type { Lookup } from "./resolve.js";

const isRoute = (sockets: object): sockets is AddressRoute =>
	"nic" in sockets && "localIp" in sockets && "connect" in sockets && "udp" in sockets;

/**
 * Finds IPs through `@p2pd/address`: through the given sockets when they are a whole socket factory, and else by
 * the system's resolver.
 */
export function addressLookup(sockets: object): Lookup {
	return async (host, af, { signal }) => {
		const options = signal === undefined ? {} : { signal };
		// The port plays no part in a lookup.
		const address = new Address(host, 1);
		await (isRoute(sockets) ? address.res(sockets, options) : address.res(undefined, options));
		return address.endpoints(af).map(({ ip }) => ip);
	};
}
