import type { IpClass } from "../types.js";

/*
 * Sources, as of November 2025:
 *   IANA IPv4 Special-Purpose Address Registry, https://www.iana.org/assignments/iana-ipv4-special-registry
 *   IANA IPv6 Special-Purpose Address Registry, https://www.iana.org/assignments/iana-ipv6-special-registry
 *   IANA IPv4 Address Space Registry (224/4 multicast, 240/4 future use),
 *   IANA IPv6 Address Space Registry (2000::/3 is the only global unicast space; fec0::/10 and ::/96 are deprecated).
 * A class is this package's word for an entry; `reachable` is the registry's "Globally Reachable" column, null
 * where it says N/A or where the prefix is in no special-purpose registry. The two differ on purpose: a
 * translator's prefix or a protocol's anycast address is reachable, but no host has it as its own address.
 */

/** A block with a special purpose. Where blocks are nested, the smallest decides. */
export interface SpecialBlock {
	readonly cidr: string;
	readonly ipClass: IpClass;
	/** The registry's name for it. */
	readonly name: string;
	readonly rfc: string;
	/** The registry's "Globally Reachable". */
	readonly reachable: boolean | null;
}

type Row = readonly [cidr: string, ipClass: IpClass, name: string, rfc: string, reachable: boolean | null];

const v4: readonly Row[] = [
	["0.0.0.0/8", "this-network", "This network", "RFC 791, section 3.2", false],
	["0.0.0.0/32", "unspecified", "This host on this network", "RFC 1122, section 3.2.1.3", false],
	["10.0.0.0/8", "private", "Private-Use", "RFC 1918", false],
	["100.64.0.0/10", "shared", "Shared Address Space", "RFC 6598", false],
	["127.0.0.0/8", "loopback", "Loopback", "RFC 1122, section 3.2.1.3", false],
	["169.254.0.0/16", "link-local", "Link Local", "RFC 3927", false],
	["172.16.0.0/12", "private", "Private-Use", "RFC 1918", false],
	["192.0.0.0/24", "protocol", "IETF Protocol Assignments", "RFC 6890, section 2.1", false],
	["192.0.0.0/29", "protocol", "IPv4 Service Continuity Prefix", "RFC 7335", false],
	["192.0.0.8/32", "protocol", "IPv4 dummy address", "RFC 7600", false],
	["192.0.0.9/32", "protocol", "Port Control Protocol Anycast", "RFC 7723", true],
	["192.0.0.10/32", "protocol", "TURN Anycast", "RFC 8155", true],
	["192.0.0.170/32", "protocol", "NAT64/DNS64 Discovery", "RFC 7050, section 2.2", false],
	["192.0.0.171/32", "protocol", "NAT64/DNS64 Discovery", "RFC 7050, section 2.2", false],
	["192.0.2.0/24", "documentation", "Documentation (TEST-NET-1)", "RFC 5737", false],
	["192.31.196.0/24", "public", "AS112-v4", "RFC 7535", true],
	["192.52.193.0/24", "public", "AMT", "RFC 7450", true],
	["192.88.99.0/24", "reserved", "Deprecated (6to4 Relay Anycast)", "RFC 7526", null],
	["192.88.99.2/32", "reserved", "6a44-relay anycast address", "RFC 6751", false],
	["192.168.0.0/16", "private", "Private-Use", "RFC 1918", false],
	["192.175.48.0/24", "public", "Direct Delegation AS112 Service", "RFC 7534", true],
	["198.18.0.0/15", "benchmarking", "Benchmarking", "RFC 2544", false],
	["198.51.100.0/24", "documentation", "Documentation (TEST-NET-2)", "RFC 5737", false],
	["203.0.113.0/24", "documentation", "Documentation (TEST-NET-3)", "RFC 5737", false],
	["224.0.0.0/4", "multicast", "Multicast", "RFC 5771", null],
	["240.0.0.0/4", "reserved", "Reserved", "RFC 1112, section 4", false],
	["255.255.255.255/32", "broadcast", "Limited Broadcast", "RFC 8190; RFC 919, section 7", false],
];

const v6: readonly Row[] = [
	// Nothing outside 2000::/3 is global unicast space, whether or not a line below names it.
	["::/0", "reserved", "Reserved by IETF", "RFC 4291", null],
	["2000::/3", "public", "Global Unicast", "RFC 4291", null],
	["::/96", "reserved", "IPv4-Compatible (deprecated)", "RFC 4291, section 2.5.5.1", null],
	["::/128", "unspecified", "Unspecified Address", "RFC 4291", false],
	["::1/128", "loopback", "Loopback Address", "RFC 4291", false],
	// Only the block itself has this class: an address in it is classified by the IPv4 address inside.
	["::ffff:0.0.0.0/96", "protocol", "IPv4-mapped Address", "RFC 4291", false],
	["64:ff9b::/96", "nat64", "IPv4-IPv6 Translation", "RFC 6052", true],
	["64:ff9b:1::/48", "nat64", "IPv4-IPv6 Translation (local use)", "RFC 8215", false],
	["100::/64", "discard", "Discard-Only Address Block", "RFC 6666", false],
	["100:0:0:1::/64", "discard", "Dummy IPv6 Prefix", "RFC 9780", false],
	["2001::/23", "protocol", "IETF Protocol Assignments", "RFC 2928", false],
	["2001::/32", "teredo", "TEREDO", "RFC 4380; RFC 8190", null],
	["2001:1::1/128", "protocol", "Port Control Protocol Anycast", "RFC 7723", true],
	["2001:1::2/128", "protocol", "TURN Anycast", "RFC 8155", true],
	["2001:1::3/128", "protocol", "DNS-SD Service Registration Protocol Anycast", "RFC 9665", true],
	["2001:2::/48", "benchmarking", "Benchmarking", "RFC 5180; RFC 1752", false],
	["2001:3::/32", "public", "AMT", "RFC 7450", true],
	["2001:4:112::/48", "public", "AS112-v6", "RFC 7535", true],
	["2001:10::/28", "reserved", "Deprecated (previously ORCHID)", "RFC 4843", null],
	["2001:20::/28", "protocol", "ORCHIDv2", "RFC 7343", true],
	["2001:30::/28", "protocol", "Drone Remote ID Protocol Entity Tags", "RFC 9374", true],
	["2001:db8::/32", "documentation", "Documentation", "RFC 3849", false],
	["2002::/16", "6to4", "6to4", "RFC 3056", null],
	["2620:4f:8000::/48", "public", "Direct Delegation AS112 Service", "RFC 7534", true],
	["3fff::/20", "documentation", "Documentation", "RFC 9637", false],
	["5f00::/16", "protocol", "Segment Routing (SRv6) SIDs", "RFC 9602", false],
	["fc00::/7", "unique-local", "Unique-Local", "RFC 4193; RFC 8190", false],
	["fe80::/10", "link-local", "Link-Local Unicast", "RFC 4291", false],
	["fec0::/10", "reserved", "Site-Local (deprecated)", "RFC 3879", null],
	["ff00::/8", "multicast", "Multicast", "RFC 4291, section 2.7", null],
];

const named = (rows: readonly Row[]): readonly SpecialBlock[] =>
	rows.map(([cidr, ipClass, name, rfc, reachable]) => ({ cidr, ipClass, name, rfc, reachable }));

/** IPv4 blocks with a special purpose. An address outside all of them is public. */
export const SPECIAL_V4: readonly SpecialBlock[] = named(v4);

/** IPv6 blocks with a special purpose. Every address is in at least one of them. */
export const SPECIAL_V6: readonly SpecialBlock[] = named(v6);
