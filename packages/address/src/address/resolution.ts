import type { DnsAttempt } from "../dns/types.js";
import type { Family } from "../types.js";
import type { Endpoint } from "./types.js";

/** How an Address came to its endpoints. */
export interface Resolution {
	/**
	 * `literal`: the host is an IP, nobody was asked. `system`: the system resolver. `servers`: the servers of the
	 * options. `localhost`: a name of this machine, which is never sent to a server (RFC 6761 section 6.3).
	 */
	readonly way: "literal" | "system" | "servers" | "localhost";
	readonly families: Readonly<Record<Family, FamilyReport>>;
	/** Every exchange with a server of the options, in the order of their ends. */
	readonly attempts: readonly DnsAttempt[];
	/** Addresses that the name has and that are no endpoint. */
	readonly dropped: readonly { readonly ip: string; readonly reason: string }[];
	readonly nat64: Nat64Report;
	/** In ms. */
	readonly took: number;
}

/** What became of one family. */
export type FamilyReport =
	| { readonly status: "found"; readonly count: number }
	| { readonly status: "failed"; readonly error: Error }
	/** No answer within the grace after the other family's. */
	| { readonly status: "late" }
	| { readonly status: "not-asked" };

/** What became of the wish for NAT64. */
export type Nat64Report =
	| { readonly status: "not-asked" }
	/** The destination has IPv6, or IPv4 works here, or its addresses are not for a translator. */
	| { readonly status: "not-needed" }
	| { readonly status: "synthesised"; readonly prefix: string }
	/** The network has none, or it could not be told: see the error. */
	| { readonly status: "failed"; readonly error: Error };

/** Endpoints in preference order, and how they were found. */
export interface Resolved {
	readonly endpoints: readonly Endpoint[];
	readonly resolution: Resolution;
}
