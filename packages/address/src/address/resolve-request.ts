import type { DnsServer } from "../dns/query-servers.js";
import type { IpAddress } from "../ip/ip-address.js";
import type { IPRange } from "../range/ip-range.js";
import type { AddressRoute } from "./types.js";

/** One `res()`. */
export interface ResolveRequest {
	readonly host: string;
	readonly port: number;
	/** The host, if it is an IP. */
	readonly literal: IpAddress | null;
	readonly route: AddressRoute | null;
	/** null: the system resolver. */
	readonly servers: readonly DnsServer[] | null;
	/** A prefix, true to find it out, false for no NAT64. */
	readonly nat64: IPRange | boolean;
	readonly timeout: number;
	readonly grace: number;
	readonly signal: AbortSignal | undefined;
}
