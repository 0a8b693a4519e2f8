/**
 * All of `start()`, in ms. STUN asks again after 0.5 s and 1.5 s, so an external address behind a link that loses
 * a packet is seen within 3 s; the rest is for DNS and, on Windows, for PowerShell.
 */
export const START_TIMEOUT = 5_000;

/** What one external address may take of it, in ms; never more than what is left of the whole. */
export const OBSERVE_TIMEOUT = 3_000;

/** Kept back from an observation so that its verdict still fits into the whole, in ms. Must be below OBSERVE_TIMEOUT. */
export const START_RESERVE = 150;

/** All of `loadNat()`, in ms: the filtering tests wait for silence, twice, and the delta test comes after them. */
export const NAT_TIMEOUT = 8_000;

/** The longest that a timer of Node's can wait, in ms; a longer one would fire at once. */
export const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** How old a look at the OS may be for a start, in ms: interfaces that start at once share one look. */
export const LOOK_MAX_AGE = 500;

/** How often a watch looks where a look is cheap (Linux), in ms. */
export const WATCH_INTERVAL = 1_000;

/**
 * How often a watch looks in full where that needs child processes (macOS, Windows), in ms; in between it compares
 * the list of addresses that Node has without them.
 */
export const WATCH_FULL_INTERVAL = 15_000;

/** How long the NICs must keep still before a difference is told, in ms: one DHCP renewal is one difference. */
export const WATCH_DEBOUNCE = 250;

/** The longest that a difference is held back while the NICs do not keep still, in ms. */
export const WATCH_MAX_HOLD = 2_000;

/** How far the wall clock may run from the steady clock between two ticks before it counts as a sleep, in ms. */
export const WAKE_JUMP = 5_000;
