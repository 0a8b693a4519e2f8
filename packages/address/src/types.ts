/** An address family, by the number of its IP version: 4 or 6. */
export type Family = 4 | 6;

/**
 * What kind of address the IANA special-purpose registries make of an address. Every address has one class.
 *
 * - `public`: globally routable unicast, and nothing else.
 * - `private`: RFC 1918. `unique-local`: RFC 4193. `shared`: carrier-grade NAT, RFC 6598.
 * - `this-network`: 0.0.0.0/8 without 0.0.0.0 itself, which is `unspecified`.
 * - `protocol`: set aside for a protocol's own use, so that no host has it as its address.
 * - `reserved`: not assigned to anybody, deprecated, or not unicast space at all.
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

/** An IP in canonical text (RFC 5952, with `%zone` where it is link-local) and a port from 0 to 65535. */
export interface HostPort {
	readonly ip: string;
	readonly port: number;
}

/** P2PD's form of a range: the address as it was given, its prefix length and its family. */
export interface IPRangeJson {
	readonly ip: string;
	readonly cidr: number;
	readonly af: Family;
}
