import type { IPRange } from "@p2pd/address";
import type { Family, NicRef } from "@p2pd/net";
import type { RoutePool } from "../routes/route-pool.js";
import type { SourceAddress } from "../types.js";

/** A source address to observe from. */
export interface ObservedSource {
	readonly ip: string;
	readonly af: Family;
}

/** What an observer found out about a source address. */
export interface Observation {
	/** The address that others see; null if it was not found out, or the servers did not agree. */
	readonly ip: string | null;
	/** Why `ip` is null. */
	readonly reason?: string;
	/** Only one server was asked, so no other could contradict it. @default false */
	readonly singleServer?: boolean;
	/**
	 * The observer vouches for an address that is not globally routable (behind carrier-grade NAT, in a lab).
	 * @default false
	 */
	readonly nonPublic?: boolean;
	/** What it rests on. Kept with the route, or with the report. */
	readonly evidence?: unknown;
}

/** Finds out which external address a source address has. May reject; the error is then the reason. */
export type ObserveExternal = (
	source: ObservedSource,
	options: { readonly signal: AbortSignal | undefined },
) => Promise<Observation>;

/** What {@link resolveRoutes} takes. */
export interface ResolveRoutesOptions {
	readonly af: Family;
	readonly nic: NicRef | null;
	/** The NIC's addresses of that family, as the operating system lists them. */
	readonly addresses: readonly SourceAddress[];
	readonly observe: ObserveExternal;
	/** The source address that the kernel chooses, if it is on this NIC. */
	readonly defaultSource?: string | undefined;
	readonly signal?: AbortSignal | undefined;
	/** How many addresses are observed at once. @default 8 */
	readonly concurrency?: number;
}

/** An address or block of the NIC whose external address could not be verified. */
export interface Unverified {
	readonly range: IPRange;
	/** Why, in words. */
	readonly reason: string;
	/** For each address that was tried: the observer's evidence, or the error that it ended in. */
	readonly attempts: readonly { readonly ip: string; readonly reason: string; readonly evidence: unknown }[];
}

/** What {@link resolveRoutes} returns. */
export interface RouteResolution {
	/** The routes: verified ones by external address, then one of all addresses that could not be verified. */
	readonly pool: RoutePool;
	readonly linkLocals: readonly IPRange[];
	readonly unverified: readonly Unverified[];
}
