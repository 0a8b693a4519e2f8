import type { Clock, Endpoint, Family, NicRef, RandomBytes, StreamSockets, UdpSockets } from "@p2pd/net";
import type { IpAddress } from "../ip/ip-address.js";

/**
 * The sockets that a host is resolved for: any socket factory, a bound route for instance, or only its UDP half. They
 * decide which way DNS queries leave, the zone of link-local addresses, and the order of the result.
 */
export interface ResolverSockets extends UdpSockets {
	/** The NIC that the sockets use; null or absent if the kernel chooses. */
	readonly nic?: NicRef | null;
	/** The address that the sockets are bound to. @default the any-address */
	readonly localIp?: string;
	/** For DNS answers that are too long for UDP. */
	readonly connect?: StreamSockets["connect"];
	/** The sockets through which names are resolved for these: a relay's are those that lead to it. @default these */
	readonly nameSockets?: ResolverSockets;
}

/** Options of a {@link Resolver}. */
export interface ResolverOptions {
	/** The family wanted. @default both, in the order in which to try the addresses */
	readonly af?: Family | undefined;
	/** Milliseconds for the whole lookup. @default 5000 */
	readonly timeout?: number | undefined;
	/** Ends the lookup at once; it rejects with the signal's reason. */
	readonly signal?: AbortSignal | undefined;
}

/** What the environment supplies to a {@link Resolver}. */
export interface ResolverDeps extends AddressDeps {
	/** The sockets that the addresses are for; null if the kernel chooses, as for any program. */
	readonly sockets: ResolverSockets | null;
}

/**
 * Turns a host into IP addresses: canonical text, with a zone if link-local, the best first, and never an empty list.
 * Every package that resolves names takes a function of this type; `resolveHost` is the default.
 *
 * It rejects with an `AddressError` (`ERR_ADDRESS_NOT_FOUND` for a name without an address of the family,
 * `ERR_ADDRESS_DNS`, `ERR_ADDRESS_NO_DNS`, `ERR_ADDRESS_TIMEOUT`, `ERR_ADDRESS_ZONE`) or with the signal's reason.
 */
export type Resolver = (
	host: string,
	options: ResolverOptions,
	deps: ResolverDeps,
) => Promise<readonly string[]>;

/** How an Address is resolved. All times in ms. */
export interface AddressOptions {
	/**
	 * Ask these DNS servers: IPs, with a port unless it is 53. They are asked through the sockets given to `res()`, for
	 * the name as it is: no search domains, no hosts file.
	 * @default the system's resolver on the default NIC; on another NIC, the DNS servers of that NIC
	 */
	readonly servers?: readonly string[] | undefined;
	/**
	 * On a network with IPv6 only: also reach IPv4 destinations, through the NAT64 with this prefix, or (true) with the
	 * prefix that the network's DNS64 tells (RFC 7050).
	 * @default false
	 */
	readonly nat64?: boolean | string | undefined;
	/** One deadline for everything that `res()` does. @default 5000 */
	readonly timeout?: number | undefined;
	/** How much longer one family may take once the other one has its answer. @default 300 */
	readonly grace?: number | undefined;
}

/** Options of `Address.res()`. */
export interface ResolveOptions {
	/** Ends the lookup at once; `res()` rejects with the signal's reason. */
	readonly signal?: AbortSignal | undefined;
	/** One deadline for the whole lookup, in ms. @default that of the Address */
	readonly timeout?: number | undefined;
}

/** What the environment supplies to an Address. */
export interface AddressDeps {
	/** @default getaddrinfo in a helper process */
	readonly systemLookup?: SystemLookup;
	/** The DNS servers of a NIC, as its system knows them. @default what the operating system tells */
	readonly nicServers?: NicServers;
	/** The text of the hosts file. @default the operating system's */
	readonly hostsFile?: () => Promise<string>;
	/** Sockets for the option `servers` if none were given to `res()`. @default the kernel's choice */
	readonly serverSockets?: (af: Family) => ResolverSockets;
	/** The source address for a destination. @default the kernel's choice */
	readonly sourceOf?: SourceLookup;
	/** @default the machine's clock */
	readonly clock?: Clock;
	/** Random bytes for query ids. @default node:crypto */
	readonly random?: RandomBytes;
	/** Decides how a zone is written: by number on "win32", by name elsewhere. @default process.platform */
	readonly platform?: NodeJS.Platform;
}

/**
 * Asks the operating system's resolver for a name's addresses: of one family, or of both (0) in its own order. Rejects
 * with AddressNotFoundError if there are none, with AddressDnsError if the resolver failed, and with the signal's
 * reason as soon as it aborts.
 */
export type SystemLookup = (
	host: string,
	family: Family | 0,
	signal: AbortSignal,
) => Promise<readonly string[]>;

/**
 * The DNS servers of a family to ask through a NIC: IPs, with a port unless it is 53, the best first. Empty if none is
 * known that can be asked through that NIC.
 */
export type NicServers = (nic: NicRef, af: Family, signal: AbortSignal) => Promise<readonly string[]>;

/** The source address for a destination: null if it cannot be reached, undefined if that cannot be told. */
export type SourceLookup = (destination: IpAddress) => Promise<IpAddress | null | undefined>;

/** One address to connect to. */
export interface ResolvedEndpoint extends Endpoint {
	readonly af: Family;
	/** RFC 1918 or unique-local. */
	readonly isPrivate: boolean;
	/** Globally routable unicast. */
	readonly isPublic: boolean;
	readonly isLoopback: boolean;
}

/** How an Address came to its endpoints. */
export interface Resolution {
	/**
	 * - `literal`: the host is an IP, so there was no lookup.
	 * - `localhost`: a name that means this machine, which is never sent to a server (RFC 6761 section 6.3).
	 * - `system`: the system's resolver.
	 * - `hosts`: the hosts file, which is read here if the NIC is not the default one.
	 * - `nic`: the DNS servers of a NIC that is not the default one, through that NIC.
	 * - `servers`: the servers of the options.
	 */
	readonly way: "literal" | "localhost" | "system" | "hosts" | "nic" | "servers";
	readonly families: Readonly<Record<Family, FamilyReport>>;
	/** Every exchange with a DNS server that was asked directly, in the order in which they ended. */
	readonly attempts: readonly DnsAttempt[];
	/** Addresses of the name that are not endpoints, and why. */
	readonly dropped: readonly { readonly ip: string; readonly reason: string }[];
	readonly nat64: Nat64Report;
	/** In ms. */
	readonly took: number;
}

/** The result of one family's lookup. */
export type FamilyReport =
	| { readonly status: "found"; readonly count: number }
	| { readonly status: "failed"; readonly error: Error }
	/** No answer within the grace after the other family's. */
	| { readonly status: "late" }
	| { readonly status: "not-asked" };

/** The result of looking for a NAT64. */
export type Nat64Report =
	| { readonly status: "not-asked" }
	/** The destination has IPv6, or IPv4 works here, or its addresses are not for a translator. */
	| { readonly status: "not-needed" }
	| { readonly status: "synthesised"; readonly prefix: string }
	/** The network has no NAT64, or that could not be found out: see the error. */
	| { readonly status: "failed"; readonly error: Error };

/** One exchange of messages with a DNS server. */
export interface DnsAttempt {
	/** `ip:port`. */
	readonly server: string;
	readonly transport: "udp" | "tcp";
	/** The family asked for: 4 for A, 6 for AAAA. */
	readonly af: Family;
	/**
	 * "answer", "truncated", "timeout", "malformed", "aborted" (another answer came first), an RCODE ("NXDOMAIN",
	 * "SERVFAIL"), "NODATA", or a socket's error code ("ECONNREFUSED").
	 */
	readonly outcome: string;
	/** In ms. */
	readonly took: number;
}
