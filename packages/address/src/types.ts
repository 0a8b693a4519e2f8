import type { Family } from "@p2pd/net";

/**
 * What kind of address it is by the IANA special-purpose registries. Every address has one class.
 *
 * - `public`: globally routable unicast, and nothing else.
 * - `private`: RFC 1918. `unique-local`: RFC 4193. `shared`: carrier-grade NAT, RFC 6598.
 * - `this-network`: 0.0.0.0/8 without 0.0.0.0 itself, which is `unspecified`.
 * - `protocol`: set aside for a protocol, so that no host has it as its address.
 * - `reserved`: not assigned, deprecated, or not unicast space.
 */
export type IpClass =
	| "public"
	| "private"
	| "shared"
	| "loopback"
	| "link-local"
	| "unique-local"
	| "multicast"
	| "documentation"
	| "benchmarking"
	| "nat64"
	| "6to4"
	| "teredo"
	| "unspecified"
	| "broadcast"
	| "this-network"
	| "discard"
	| "protocol"
	| "reserved";

/** P2PD's form of a range: the address as it was given, its prefix length and its family. */
export interface IPRangeJson {
	readonly ip: string;
	readonly cidr: number;
	readonly af: Family;
}
