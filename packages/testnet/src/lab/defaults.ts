/** How long a scenario or an awaited command may run, ms. More than any STUN exchange (RFC 5389: 39.5 s) that a test should wait out. */
export const DEFAULT_RUN_TIMEOUT = 60_000;

/** How long the namespaces may take, ms. It takes a tenth of a second; more than this is a hang, also on a loaded machine. */
export const SETUP_TIMEOUT = 20_000;

/** How long a server may take until its sockets are bound, ms. coturn takes a tenth of a second. */
export const READY_TIMEOUT = 20_000;

/** Between two looks at a namespace's socket tables, ms: short beside the start of any server. */
export const READY_POLL = 5;

/** UDP and TCP mappings without another lifetime end after this, s: RFC 4787 REQ-5's least value. */
export const MAPPING_LIFETIME_S = 120;

/** External ports of a NAT that names no others: those a home router would use (RFC 4787 section 4.2.2 keeps 0-1023 apart). */
export const EXTERNAL_PORTS: readonly [number, number] = [1024, 65535];

/** Room for learnt pinholes; a test never comes near. */
export const PINHOLES = 65_535;

/** The metric of the first default route of a host whose topology names none; the next NIC's is one higher. */
export const FIRST_METRIC = 100;

/** The namespace in the middle that routes between everything outside. */
export const CORE = "internet";

/** The core's own addresses: next hop of everything that lies directly outside. */
export const CORE_IP4 = "193.0.0.1";
/** @see CORE_IP4; link-local, and the same on each of its links, as real providers do. */
export const CORE_IP6 = "fe80::1";

/** Both families, in the order that everything is planned in. */
export const FAMILIES = [4, 6] as const;

/** A test's limit in a suite that builds laboratories, ms: children start in half a second each, on a loaded machine in several. */
export const LAB_TEST_TIMEOUT = 60_000;

/** How long the trial whether namespaces can be made may take, ms; it takes some tens. */
export const TRIAL_TIMEOUT = 10_000;

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
