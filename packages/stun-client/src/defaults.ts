/*
 * Every number of this package, with its unit and its reason.
 */

/** The port of STUN over UDP and TCP, and of STUN over TLS (RFC 8489 section 18.6). */
export const STUN_PORT = 3478;
export const STUNS_PORT = 5349;

/** Milliseconds before the first retransmission on an unknown path (RFC 8489 section 6.2.1). */
export const INITIAL_RTO = 500;

/** The lowest retransmission time in ms after a round trip was measured. Below it, a busy machine looks like loss. */
export const MIN_MEASURED_RTO = 100;

/** The highest retransmission time in ms that is learned. RFC 6298 allows 60 s or more, but a user does not wait so long. */
export const MAX_RTO = 8000;

/** How often a request is sent at most (Rc of RFC 8489 section 6.2.1). */
export const MAX_SENDS = 7;

/** The wait after the last send, in multiples of the first retransmission time (Rm of RFC 8489 section 6.2.1). */
export const LAST_WAIT_FACTOR = 16;

/** Milliseconds after which an unused retransmission time is forgotten (RFC 8489 section 6.2.1: 10 minutes). */
export const RTO_LIFETIME = 600_000;

/** Servers whose retransmission time is remembered: more than anyone asks, and a bound. */
export const MAX_RTO_ENTRIES = 1000;

/**
 * Milliseconds for which the id of a finished request is remembered. A reply to a retransmission can arrive that much
 * later, and must not reach other readers of the socket.
 */
export const ID_MEMORY = 40_000;

/** Finished requests that are remembered; the oldest are dropped first. */
export const MAX_REMEMBERED_IDS = 2000;

/** Milliseconds for an answer over TCP or TLS (Ti of RFC 8489 section 6.2.2: the time of seven sends over UDP). */
export const STREAM_TIMEOUT = 39_500;

/** Milliseconds for an answer that a person waits for: sends at 0, 500 and 1500, and a long round trip. */
export const REQUEST_TIMEOUT = 3000;

/**
 * Redirections (300) that are followed by default. RFC 8489 section 10 forbids loops, and a server that has moved needs
 * one; each further one lets a hostile server choose one more host that we contact.
 */
export const MAX_REDIRECTS = 1;

/** Authentication rounds: one for the nonce, one for a stale nonce, one to spare. */
export const MAX_AUTH_ROUNDS = 3;

/** How often a request is repeated after an error response of 500 to 599 (RFC 8489 section 6.3.4 allows 4). */
export const MAX_SERVER_ERROR_RETRIES = 4;

/** Servers that are asked at once: the least number of which a strict majority outvotes two that lie together. */
export const ASK_AT_ONCE = 5;

/** Answers that must agree: one confirms nothing. */
export const MIN_AGREE = 2;

/** How long a majority waits for dissent: this part of the slowest round trip so far, but at least so many ms. */
export const GRACE_PART = 1 / 5;
export const MIN_GRACE = 5;

/** Milliseconds without a majority after which all servers are asked: more than most round trips, less than patience. */
export const ASK_MORE_AFTER = 500;

/** Milliseconds between the requests beyond the first five, so that a burst does not overflow a queue on the way. */
export const PACE = 10;

/** A server that has not answered after this many times the slowest round trip of the others counts as silent. */
export const SLOW_FACTOR = 2;

/**
 * When an observation sends its request to a server, in ms after the first time. Sooner than RFC 8489's 500 ms, because a
 * lost packet would otherwise cost half a second, and the whole is five packets. The last leaves a second to answer.
 */
export const OBSERVE_SENDS: readonly number[] = [0, 250, 600, 1200, 2000];

/** How much a lie adds to the suspicion of a server, and the most: a server can always be trusted again. */
export const LIE_WEIGHT = 4;
export const MAX_SUSPICION = 16;

/** Servers that are remembered; the oldest are dropped first. */
export const MAX_REMEMBERED_SERVERS = 1000;

/** Milliseconds after which what is known about a server is forgotten: a week, since servers change owners and software. */
export const SERVER_MEMORY_AGE = 7 * 24 * 3600 * 1000;

/** Milliseconds after which round trips and silence are forgotten: an hour, since they may be due to the network. */
export const SILENCE_MEMORY_AGE = 3600 * 1000;

/** Requests per second that one source may send to our server, and how many at once. A NAT test sends about 20. */
export const SERVER_RATE = 20;
export const SERVER_BURST = 100;

/** Sources whose rate is tracked; the one that was quiet for longest is dropped first. */
export const SERVER_MAX_SOURCES = 10_000;

/**
 * The longest reply, in multiples of the request, to which attributes are added that a client does not need. What it
 * needs makes 56 bytes over IPv4 and 92 over IPv6, for an empty request of 20: 2.8 and 4.6.
 */
export const MAX_AMPLIFICATION = 3;

/** TCP connections that the server holds at once, those of one source among them, and milliseconds for each message. */
export const SERVER_MAX_CONNECTIONS = 1000;
export const SERVER_MAX_CONNECTIONS_PER_SOURCE = 20;
export const SERVER_IDLE_TIMEOUT = 10_000;

/** How many free ports are tried if one port must be free on two IPs, and for UDP and TCP. */
export const MAX_PORT_TRIES = 20;
