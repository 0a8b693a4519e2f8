/*
 * Every number with its unit and reason. They must keep this order:
 *   GRACE < HEDGE_DELAY < SERVER_TRY_TIMEOUTS[0] < RESOLVE_TIMEOUT
 */

/** One deadline for a whole lookup, in ms. The C library waits as long for one dead server, and people no longer. */
export const RESOLVE_TIMEOUT = 5000;

/**
 * How much longer one family may take once the other one has an answer, in ms. RFC 8305 section 3 waits 50 ms before it
 * connects. An Address is kept and used later, so it waits longer, but less than a person notices.
 */
export const GRACE = 300;

/**
 * If the system's resolver, asked for both families at once, has not answered after this long, each family is also
 * asked for on its own, in ms. The C library answers when it has both, which takes long behind a firewall that drops
 * AAAA. Long enough not to ask a healthy but slow resolver twice.
 */
export const HEDGE_DELAY = 700;

/**
 * How long to wait for one DNS server, in ms, by round. Then the next server is asked. A resolver that has to recurse
 * often takes more than a second; the second round is for a packet lost on a slow path.
 */
export const SERVER_TRY_TIMEOUTS: readonly number[] = [1500, 2000];

/** The helper process ends after this long without a lookup, in ms: a burst of names shares one, and none stays. */
export const HELPER_IDLE = 10_000;

/** How long a command that tells a NIC's DNS servers may take, in ms. They take about 10, or hang with their daemon. */
export const NIC_SERVERS_COMMAND_TIMEOUT = 1000;

/** How long the DNS servers of a NIC are remembered, in ms: one burst of names asks the system once. */
export const NIC_SERVERS_AGE = 2000;

/** The most bytes read of a file or command that tells DNS servers or hosts: more than any real one has. */
export const SYSTEM_TEXT_BYTES = 4 * 2 ** 20;

/** The most source addresses looked up per family to order destinations: more than any name has. */
export const MAX_SOURCES = 32;

/** Where DNS servers listen, RFC 1035 section 4.2. */
export const DNS_PORT = 53;
