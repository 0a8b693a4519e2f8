/** No waiting for duplicate addresses, nothing learnt from outside, no filtering that was not asked for. */
export const QUIET: ReadonlyMap<string, string> = new Map([
	["ipv4/conf/all/rp_filter", "0"],
	["ipv4/conf/default/rp_filter", "0"],
	["ipv6/conf/all/disable_ipv6", "0"],
	["ipv6/conf/default/disable_ipv6", "0"],
	["ipv6/conf/default/accept_dad", "0"],
	["ipv6/conf/default/dad_transmits", "0"],
	["ipv6/conf/default/accept_ra", "0"],
	["ipv6/conf/default/router_solicitations", "0"],
	["ipv6/conf/default/addr_gen_mode", "1"],
]);

/** The same for what routes. */
export const FORWARDING: ReadonlyMap<string, string> = new Map([
	...QUIET,
	["ipv4/ip_forward", "1"],
	["ipv6/conf/all/forwarding", "1"],
]);
