import { Address, type ResolverSockets } from "@p2pd/address";
import type { Lookup } from "./resolve.js";

const isRoute = (sockets: object): sockets is ResolverSockets =>
	"nic" in sockets && "localIp" in sockets && "connect" in sockets && "udp" in sockets;

async function lookUp(
	host: string,
	route: ResolverSockets | null,
	...[af, { signal }]: [Parameters<Lookup>[1], Parameters<Lookup>[2]]
): Promise<string[]> {
	// The port plays no part in a lookup.
	const address = await new Address(host, 1).res(route, signal === undefined ? {} : { signal });
	return address.endpoints(af).map(({ ip }) => ip);
}

/** Finds IPs by the system's resolver. */
export const systemLookup: Lookup = (host, af, options) => lookUp(host, null, af, options);

/** Finds IPs through the given sockets when they are a whole socket factory, and else by the system's resolver. */
export function addressLookup(sockets: object): Lookup {
	return (host, af, options) => lookUp(host, isRoute(sockets) ? sockets : null, af, options);
}
