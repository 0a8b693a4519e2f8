import type { Family, NicRef, StreamSockets, UdpSockets } from "@p2pd/net";
import { Address } from "../address/address.js";
import type { AddressRoute } from "../address/types.js";
import { AddressNotFoundError } from "../errors.js";

/**
 * The sockets that a name is resolved for: any socket factory, a bound route for instance, or only its UDP half.
 * Without `nic` they count as the kernel's own choice.
 */
export interface ResolverSockets extends UdpSockets {
	readonly nic?: NicRef | null;
	/** What the sockets are bound to. @default the any-address */
	readonly localIp?: string;
	/** For answers that are too long for UDP. */
	readonly connect?: StreamSockets["connect"];
}

/** What the caller of a resolver wants. */
export interface ResolverOptions {
	/** The family wanted. @default both, in the order to try them in */
	readonly af?: Family | undefined;
	/** Milliseconds for everything. @default 5000 */
	readonly timeout?: number | undefined;
	/** Ends the lookup at once; it rejects with the signal's reason. */
	readonly signal?: AbortSignal | undefined;
}

/** What the environment supplies to a resolver. */
export interface ResolverDeps {
	/** The sockets that the addresses are for; null for any program's own. */
	readonly sockets: ResolverSockets | null;
}

/**
 * Turns a host into IP addresses: canonical text, with a zone if link-local, the best first, and never an empty list.
 * Every package that needs a name resolved takes a function of this type. {@link resolveHost} is the default.
 *
 * It rejects with an {@link AddressError}: `ERR_ADDRESS_NOT_FOUND` (no such name, or no address of the family),
 * `ERR_ADDRESS_DNS`, `ERR_ADDRESS_TIMEOUT`, `ERR_ADDRESS_ZONE`, and with the signal's reason.
 */
export type Resolver = (
	host: string,
	options: ResolverOptions,
	deps: ResolverDeps,
) => Promise<readonly string[]>;

/**
 * The default {@link Resolver}. An IP address is returned without a lookup. A name goes to the system's resolver, in a
 * helper process that an abort really ends.
 */
export const resolveHost: Resolver = async (host, { af, timeout, signal }, { sockets }) => {
	// A lookup does not depend on the port.
	const address = await new Address(host, 1).res(sockets === null ? null : routeOf(sockets), {
		...(timeout !== undefined && { timeout }),
		...(signal !== undefined && { signal }),
	});
	const ips = address.endpoints(af).map(({ ip }) => ip);
	if (ips.length === 0) throw new AddressNotFoundError(host, `no IPv${af} address`);
	return ips;
};

function routeOf(sockets: ResolverSockets): AddressRoute {
	const { af, nic = null, localIp = af === 4 ? "0.0.0.0" : "::" } = sockets;
	return { ...(sockets as unknown as AddressRoute), af, nic, localIp };
}
