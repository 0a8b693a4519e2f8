/*
 * Every number of this package, with its unit and its reason. Where two belong together it is said.
 */

/** The ports of TURN over UDP and TCP, and over TLS (RFC 8656 section 18, RFC 7065 section 3.2). */
export const TURN_PORT = 3478;
export const TURNS_PORT = 5349;

/** Milliseconds for opening: resolving, connecting, TLS, redirections, and an allocation with its challenge. */
export const OPEN_TIMEOUT = 10_000;

/** Milliseconds for an answer over TCP or TLS (RFC 8489 section 6.2.2: Ti), as long as seven sends over UDP take. */
export const STREAM_TIMEOUT = 39_500;

/** Milliseconds for the answer to Connect: the server itself waits up to 30 s for the peer (RFC 6062 section 5.2). */
export const CONNECT_TIMEOUT = 35_000;

/** Milliseconds in which `close()` waits for the server to confirm the end of an allocation; it lapses by itself anyway. */
export const RELEASE_TIMEOUT = 2_000;

/** Milliseconds that an allocation lives if the server does not say (RFC 8656 section 3.2). */
export const ALLOCATION_LIFETIME = 600_000;

/** The longest lifetime that is believed, in ms: an hour is what servers grant at most (RFC 8656 section 7.2). */
export const MAX_LIFETIME = 3_600_000;

/** Milliseconds that a permission lives (RFC 8656 section 9). Refreshed a margin earlier. */
export const PERMISSION_LIFETIME = 300_000;

/** Milliseconds that a channel binding lives (RFC 8656 section 12). Refreshed a margin earlier. */
export const CHANNEL_LIFETIME = 600_000;

/**
 * Milliseconds before the end of a lifetime at which it is refreshed: more than a whole transaction over UDP takes
 * (39.5 s), so that a second one can follow a lost one.
 */
export const REFRESH_MARGIN = 90_000;

/** The part of a short lifetime that is left when it is refreshed, where the margin would be longer. */
export const REFRESH_PART = 1 / 3;

/** Milliseconds before a refresh that the server could not serve (5xx) is sent again. */
export const RETRY_PAUSE = 5_000;

/**
 * Milliseconds between refreshes while nothing else is asked: NATs forget UDP mappings after 30 s or more
 * (RFC 4787 REQ-5 allows 2 min; many devices have 30 s), and a restarted server is noticed that soon.
 */
export const KEEP_ALIVE = 25_000;

/** Milliseconds without an answer to any request after which the server is taken for dead: two whole transactions. */
export const SILENCE_LIMIT = 120_000;

/** Datagrams to one peer before a channel is bound: a channel costs a request, a Send indication 32 bytes each. */
export const CHANNEL_AFTER = 4;

/** Milliseconds before a channel that the server refused is asked for again. */
export const CHANNEL_RETRY = 60_000;

/** Channel numbers (RFC 8656 section 12). */
export const FIRST_CHANNEL = 0x4000;
export const LAST_CHANNEL = 0x4fff;

/** Permissions of one allocation. Beyond it the one that was unused for longest goes, but none that was asked for. */
export const MAX_PERMISSIONS = 1000;

/** Peer addresses in one CreatePermission: 20 of IPv6 fit into a packet that no path fragments. */
export const PERMISSIONS_PER_REQUEST = 20;

/**
 * Peers (address and port) that a socket remembers. More than there are channels, whose peers are never forgotten, so
 * that there is always one to forget.
 */
export const MAX_PEERS = 8192;

/** Datagrams, and their bytes, that wait for the permission of their peer. Beyond it sends fail with ENOBUFS. */
export const MAX_WAITING = 256;
export const MAX_WAITING_BYTES = 1024 * 1024;

/** Bytes that may wait in a TCP or TLS connection to the server; datagrams beyond it fail with ENOBUFS. */
export const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

/** Redirections (300) that are followed (RFC 8489 section 10). */
export const MAX_REDIRECTS = 3;

/** Local ports that are tried when the server takes a new one for an old client (437). */
export const MAX_PORT_TRIES = 3;

/** Challenges in a row to one request: the first, a stale nonce, changed credentials, and nonces stale on arrival. */
export const MAX_CHALLENGES = 6;

/** Connections that wait for `listen()`'s user; the server drops those not taken in 30 s. Node's own backlog. */
export const MAX_ATTEMPTS = 511;
