/**
 * How long a command of the OS may take, in ms. PowerShell alone needs 1 to 3 s for its first start on a slow
 * laptop; ifconfig and netstat answer within 50 ms.
 */
export const COMMAND_TIMEOUT = 10_000;

/** The most that a command may print, in bytes. `netstat -rn` of a full IPv4 routing table stays below it. */
export const COMMAND_MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Where the kernel is asked to go when its default way is looked for; nothing is sent. The IPv4 ones are the
 * documentation networks (RFC 5737), the IPv6 ones lie in global unicast space that is allocated to nobody
 * (2001:db8::/32 will not do: some systems refuse it by a route of their own). The first that no route other than
 * a default route covers is taken, so a host inside such a network is no exception.
 */
export const PROBE_DESTINATIONS = {
	4: ["198.51.100.1", "203.0.113.1", "192.0.2.1"],
	6: ["3000::1", "2f00::1"],
} as const;

/**
 * The longest prefix that still counts as a default route. VPNs lay two halves (0.0.0.0/1 and 128.0.0.0/1; ::/1
 * and 8000::/1) over the default route, and IPv6 tunnels often route just 2000::/3.
 */
export const DEFAULT_ROUTE_MAX_PREFIX = { 4: 1, 6: 3 } as const;

/** The port in the question for a source address: any port but 0 gives the same answer; 9 is "discard". */
export const PROBE_PORT = 9;
