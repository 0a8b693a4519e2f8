/**
 * Overall timeout of `start()`, in ms. STUN asks again after 0.5 s and 1.5 s, so an external address behind a link that
 * loses a packet is observed within 3 s; the rest is for DNS and, on Windows, for PowerShell.
 */
export const START_TIMEOUT = 5_000;

/** Deadline of one observation, in ms; never later than the end of `start()`. */
export const OBSERVE_TIMEOUT = 3_000;

/** How long before the overall timeout an observation ends, so that its result is not lost, in ms. Must be below OBSERVE_TIMEOUT. */
export const START_RESERVE = 150;

/** Servers that must have been silent, or all if there are fewer, before `start()` counts as proof that UDP is blocked. */
export const SILENT_SERVERS = 4;

/** Requests that each of them must have left unanswered: all that STUN sends within OBSERVE_TIMEOUT. */
export const SILENT_REQUESTS = 3;

/** How long that proof holds, in ms: a cable may be plugged in meanwhile. */
export const SILENCE_MAX_AGE = 30_000;

/** How long `loadNat()` waits for a first answer where `start()` has just had none, in ms: the proof needs no repetition. */
export const SILENCE_CONFIRM = 150;

/** Overall timeout of `loadNat()`, in ms: the filtering tests wait for silence twice, and the delta test follows. */
export const NAT_TIMEOUT = 8_000;

/** How old an enumeration may be for a start, in ms, so that interfaces that start at once share one. */
export const LOOK_MAX_AGE = 500;

/** How often a watch enumerates the NICs where that is cheap (Linux), in ms. */
export const WATCH_INTERVAL = 1_000;

/**
 * How often a watch enumerates the NICs where that needs child processes (macOS, Windows), in ms. In between it compares
 * the list of addresses that Node has without them.
 */
export const WATCH_FULL_INTERVAL = 15_000;

/** How long the NICs must stay unchanged before a change is reported, in ms, so that one DHCP renewal is one event. */
export const WATCH_DEBOUNCE = 250;

/** The longest time that a change is held back while the NICs keep changing, in ms. */
export const WATCH_MAX_HOLD = 2_000;

/** How far the wall clock may drift from the steady clock between two ticks before it counts as a sleep, in ms. */
export const WAKE_JUMP = 5_000;
