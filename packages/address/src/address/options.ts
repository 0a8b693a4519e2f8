import type { Clock } from "../clock.js";
import type { DnsSockets, SystemLookup } from "../dns/types.js";
import type { SourceLookup } from "../order/kernel-source.js";
import type { Family } from "../types.js";

/** How an Address is resolved, each time. All times in ms. */
export interface AddressOptions {
	/**
	 * Ask these DNS servers instead of the system resolver: IPs, with a port where it is not 53. They are asked
	 * through the route's sockets, so through its NIC, for the name as it stands: no search domains, no hosts file.
	 * @default the system resolver
	 */
	readonly servers?: readonly string[];
	/**
	 * On a network with only IPv6: also reach IPv4 destinations, through the NAT64 with this prefix, or (true)
	 * with the prefix that the network's DNS64 gives away (RFC 7050).
	 * @default false
	 */
	readonly nat64?: boolean | string;
	/** One deadline over everything that `res()` asks. @default 5000 */
	readonly timeout?: number;
	/** How long the other family may still take once one has its answer. @default 300 */
	readonly grace?: number;
}

/** What may differ from one `res()` to the next. */
export interface ResolveOptions {
	/** Ends the lookup at once; `res()` rejects with its reason. */
	readonly signal?: AbortSignal;
	/** One deadline over everything, in ms. @default that of the Address */
	readonly timeout?: number;
}

/** What the surroundings supply; each has a real default. */
export interface AddressDeps {
	/** @default getaddrinfo in a process of its own */
	readonly systemLookup?: SystemLookup;
	/** Sockets for named servers where there is no route. @default the kernel's */
	readonly serverSockets?: (af: Family) => DnsSockets;
	/** The source address for a destination. @default the kernel's choice */
	readonly sourceOf?: SourceLookup;
	/** @default the machine's clock */
	readonly clock?: Clock;
	/** Random bytes for query ids. @default node:crypto */
	readonly random?: (size: number) => Uint8Array;
	/** Decides how a zone is written: by number on "win32", by name elsewhere. @default process.platform */
	readonly platform?: NodeJS.Platform;
}
