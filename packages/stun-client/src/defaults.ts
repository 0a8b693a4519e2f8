/*
 * Every number of this package, with its unit and its reason. Where two belong together it is said.
 */

/** The port of STUN over UDP and TCP (RFC 8489 section 18.6). */
export const STUN_PORT = 3478;

/** Milliseconds before the first retransmission when nothing is known of the path (RFC 8489 section 6.2.1). */
export const INITIAL_RTO = 500;

/** The lowest retransmission time, in ms, once a round trip was measured: below that, a busy machine looks like loss. */
export const MIN_MEASURED_RTO = 100;

/** The highest retransmission time in ms that is learned: RFC 6298 allows a bound of 60 s or more; a user waits less. */
export const MAX_RTO = 8000;

/** How often a request is sent at most (RFC 8489 section 6.2.1: Rc). */
export const MAX_SENDS = 7;

/** How many times the first retransmission time is waited after the last send (RFC 8489 section 6.2.1: Rm). */
export const LAST_WAIT_FACTOR = 16;

/** Milliseconds that a learned retransmission time holds without use (RFC 8489 section 6.2.1: 10 minutes). */
export const RTO_LIFETIME = 600_000;

/** Servers whose round trip is remembered: more than anybody asks, and a bound. */
export const MAX_RTO_ENTRIES = 1000;

/**
 * Milliseconds for which the id of a finished request is still ours: a reply to a retransmission can come that much
 * later, and must not fall to the socket's other readers.
 */
export const ID_MEMORY = 40_000;

/** Finished requests that are remembered; beyond it the oldest go first. */
export const MAX_REMEMBERED_IDS = 2000;

/** Milliseconds for a whole answer over TCP or TLS (RFC 8489 section 6.2.2: Ti, the time of seven sends over UDP). */
export const STREAM_TIMEOUT = 39_500;

/** Milliseconds for an answer that a person waits for: three sends at 0, 500 and 1500, and a long round trip. */
export const REQUEST_TIMEOUT = 3000;

/** The longest time in ms that a timer of Node's can wait; a longer one would fire at once. */
export const LONGEST_TIME = 2 ** 31 - 1;

/** Redirections (300) that are followed: RFC 8489 section 10 forbids loops, and nobody needs more. */
export const MAX_REDIRECTS = 3;

/** Authentication rounds: one for the nonce, one for a nonce that went stale, one for the next. */
export const MAX_AUTH_ROUNDS = 3;

/** How often a request is sent again after an answer 500 to 599 (RFC 8489 section 6.3.4 allows 4). */
export const MAX_SERVER_ERROR_RETRIES = 4;

/** Servers that must agree, and servers that are asked at most: P2PD's own numbers. */
export const MIN_AGREE = 2;
export const MAX_SERVERS = 6;

/** The grace for dissent, as a part of the slower of the first two round trips. */
export const GRACE_PART = 1 / 5;

/** Requests per second that one source may send to our server, and how many at once: a NAT test is 20 or so. */
export const SERVER_RATE = 20;
export const SERVER_BURST = 100;

/** Sources whose rate is kept; at the bound the one that was quiet for longest goes. */
export const SERVER_MAX_SOURCES = 10_000;

/** TCP connections that the server holds at once, and milliseconds before a silent one is closed. */
export const SERVER_MAX_CONNECTIONS = 1000;
export const SERVER_IDLE_TIMEOUT = 10_000;

/** Free ports that are tried where one has to be free on two IPs, and for UDP and TCP. */
export const MAX_PORT_TRIES = 20;
