/*
 * Every number with its unit and reason. They must keep this order:
 *   GRACE_MS < HEDGE_MS < SERVER_TRY_MS[0] < RESOLVE_TIMEOUT_MS
 */

/** One deadline over a whole `res()`. The C library gives one dead server as long, and people no longer. */
export const RESOLVE_TIMEOUT_MS = 5000;

/**
 * How long the other family may still take once one has an answer. RFC 8305 section 3 waits 50 ms before it
 * connects; an Address is kept and used later, so it waits some more, and less than a person notices.
 */
export const GRACE_MS = 300;

/**
 * When the system resolver, asked for both families at once, has said nothing for this long, each family is
 * asked on its own too: the C library answers both only when both are in, which a firewall that drops AAAA
 * makes slow. Long enough that a healthy slow resolver is not asked twice.
 */
export const HEDGE_MS = 700;

/**
 * How long a named server has for one question, by round: the next server is asked after that. A resolver that
 * must recurse is often above a second; the second round is for a lost packet on a slow path.
 */
export const SERVER_TRY_MS: readonly number[] = [1500, 2000];

/** An idle lookup process is ended after this long: a burst of names shares one, and none stays for good. */
export const HELPER_IDLE_MS = 10_000;

/** How many source addresses are looked up per family to put destinations in order: more than any name has. */
export const SOURCES_AT_MOST = 32;

/** Where DNS servers listen, RFC 1035 section 4.2. */
export const DNS_PORT = 53;
