/**
 * Deadline of a command of the OS, in ms. PowerShell alone needs 1 to 3 s for its first start on a slow
 * laptop; ifconfig and netstat answer within 50 ms.
 */
export const COMMAND_TIMEOUT = 10_000;

/** The longest output of a command, in bytes. `netstat -rn` of a full IPv4 routing table is shorter. */
export const COMMAND_MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Destinations that the kernel is asked about to find its default route; nothing is sent. The IPv4 ones are in the
 * documentation networks (RFC 5737), the IPv6 ones in unallocated global unicast space (some systems have a reject route
 * for 2001:db8::/32). The first one that only a default route covers is used, so that it works inside such a network too.
 */
export const PROBE_DESTINATIONS = {
	4: ["198.51.100.1", "203.0.113.1", "192.0.2.1"],
	6: ["3000::1", "2f00::1"],
} as const;

/**
 * The longest prefix that counts as a default route. VPNs lay two halves (0.0.0.0/1 and 128.0.0.0/1; ::/1
 * and 8000::/1) over the default route, and IPv6 tunnels often route just 2000::/3.
 */
export const DEFAULT_ROUTE_MAX_PREFIX = { 4: 1, 6: 3 } as const;
