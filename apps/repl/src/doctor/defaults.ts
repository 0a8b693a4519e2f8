/** Names looked up at most: two show whether it is the name or the resolver. */
export const MAX_NAMES = 2;

/** DNS servers asked directly at most; resolv.conf(5) knows three. */
export const MAX_RESOLVERS = 3;

/** STUN servers asked one by one at most: enough to tell a dead server from a blocked network. */
export const MAX_STUN_SERVERS = 4;

/** Milliseconds for one lookup and for one STUN answer; RFC 8489's retransmissions at 0, 0.5 and 1.5 s fit in. */
export const PROBE_TIMEOUT = 3000;

/** Milliseconds that a lookup's second family may take longer than the first: a slow resolver is not a missing record. */
export const LOOKUP_GRACE = 2000;

/** The least MTU of a link that carries IPv6, in bytes (RFC 8200 section 5). */
export const IPV6_LEAST_MTU = 1280;

/** A wall clock before this is wrong: it is older than this program (ms since 1970: 2026-01-01). */
export const EARLIEST_TIME = Date.UTC(2026, 0, 1);

/** Milliseconds that the wall clock may move against the monotonic one during a run: slewing stays far below it. */
export const CLOCK_STEP = 500;
