import type { AddressRoute } from "../address/types.js";
import type { Family } from "../types.js";

/** Where a DNS query is sent from. */
export type DnsSockets = Pick<AddressRoute, "af" | "udp" | "connect">;

/**
 * Asks the resolver of the operating system for a name's addresses: of one family, or of both (0) in its own
 * order. Rejects with AddressNotFoundError if there are none, with AddressDnsError if it could not tell, and
 * with the signal's reason as soon as that aborts.
 */
export type SystemLookup = (
	host: string,
	family: Family | 0,
	signal: AbortSignal,
) => Promise<readonly string[]>;

/** One message exchange with a named server. */
export interface DnsAttempt {
	/** `ip:port`. */
	readonly server: string;
	readonly transport: "udp" | "tcp";
	/** The family that was asked for: 4 for A, 6 for AAAA. */
	readonly af: Family;
	/**
	 * "answer", "truncated", "timeout", "malformed", "aborted" (another answer came first), an RCODE ("NXDOMAIN",
	 * "SERVFAIL"), "NODATA", or a socket's error code ("ECONNREFUSED").
	 */
	readonly outcome: string;
	/** In ms. */
	readonly took: number;
}

/** How the lookup of one family ended. */
export type FamilyOutcome =
	| { readonly status: "found"; readonly addresses: readonly string[] }
	/** For certain none, or no answer: see the error. */
	| { readonly status: "failed"; readonly error: Error }
	/** Still going when the other family had been there for the length of the grace. */
	| { readonly status: "late" };

/** How both lookups ended. */
export type FamilyOutcomes = Readonly<Record<Family, FamilyOutcome>>;

/** Asks for the addresses of one family. */
export type AskFamily = (af: Family, signal: AbortSignal) => Promise<readonly string[]>;
