import type { Family, IPRange } from "@p2pd/address";
import type { RoutePool } from "../pool/route-pool.js";
import type { RouteNic, SourceAddress } from "../types.js";

/** A source address to observe from. */
export interface ObservedSource {
	readonly ip: string;
	readonly af: Family;
}

/** What an observer found out about a source address. */
export interface Observation {
	/** The address that others see; null where none was found out, or none was agreed on. */
	readonly ip: string | null;
	/** Why there is none. */
	readonly reason?: string;
	/** One server alone was asked, so that none could contradict it. @default false */
	readonly singleServer?: boolean;
	/** The observer stands for an address that is not globally routable (behind carrier-grade NAT, in a lab). @default false */
	readonly nonPublic?: boolean;
	/** What it rests on; kept with the route, or with the report. */
	readonly evidence?: unknown;
}

/** Finds out which external address a source address has. May reject: the error is then the reason. */
export type ObserveExternal = (
	source: ObservedSource,
	options: { readonly signal: AbortSignal | undefined },
) => Promise<Observation>;

/** What {@link resolveRoutes} takes. */
export interface ResolveRoutesOptions {
	readonly af: Family;
	readonly nic: RouteNic | null;
	/** The NIC's addresses of that family, as the OS lists them. */
	readonly addresses: readonly SourceAddress[];
	readonly observe: ObserveExternal;
	/** The source address that the kernel chooses on this NIC, if it is this NIC that it chooses. */
	readonly defaultSource?: string | undefined;
	readonly signal?: AbortSignal | undefined;
	/** How many addresses are observed at once. @default 8 */
	readonly concurrency?: number;
}

/** An address or block of the NIC whose external address could not be verified. */
export interface Unverified {
	readonly range: IPRange;
	/** In words. */
	readonly reason: string;
	/** What the observer gave, or the error that it ended in; for each address that was tried. */
	readonly attempts: readonly { readonly ip: string; readonly reason: string; readonly evidence: unknown }[];
}

/** What {@link resolveRoutes} gives. */
export interface RouteResolution {
	/** The routes: verified ones by external address, then one of all the addresses that are not. */
	readonly pool: RoutePool;
	readonly linkLocals: readonly IPRange[];
	readonly unverified: readonly Unverified[];
}
