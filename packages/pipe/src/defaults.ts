/** Milliseconds to establish a TCP connection, over all of a destination's addresses. P2PD's `con_timeout`. */
export const CONNECT_TIMEOUT = 2000;

/** Milliseconds that `recv` waits where it is not told otherwise. P2PD's `recv_timeout`. */
export const RECV_TIMEOUT = 2000;

/** Milliseconds to resolve a destination's name. P2PD's `dns_timeout`. */
export const DNS_TIMEOUT = 2000;

/** Milliseconds of a TLS handshake, once TCP is connected. P2PD's `ssl_handshake`. */
export const TLS_TIMEOUT = 4000;

/**
 * Milliseconds that `close` gives unsent data to leave before it resets the connection. A peer that never
 * reads would hold it for ever; P2PD gives pending acknowledgements the same 4 s.
 */
export const LINGER = 4000;

/** Messages that a subscription queues: P2PD's documented `max_qsize`. */
export const QUEUE_MESSAGES = 1000;

/** Bytes that a subscription queues, 8 MiB: about the largest receive buffer that Linux gives a TCP socket. */
export const QUEUE_BYTES = 8 * 1024 * 1024;

/**
 * Bytes of unfinished sends at which another send is refused, 16 MiB. Only a sender that does not await meets
 * it. Must not be lower than RELAY_BYTES, or a relay would be refused before it waits.
 */
export const SEND_BYTES = 16 * 1024 * 1024;

/** Bytes under way to a relay's target at which its source waits (TCP) or drops (UDP), 1 MiB. */
export const RELAY_BYTES = 1024 * 1024;

/** Messages remembered to tell duplicates. P2PD's `max_msg_ids`. */
export const DEDUPE_MESSAGES = 1000;

/**
 * Leading bytes of a message that a pattern sees, 64 KiB: a whole datagram, and Node's largest TCP read. A
 * pattern runs synchronously, so this bounds what a peer can make it chew on.
 */
export const PATTERN_BYTES = 64 * 1024;

/** Milliseconds of one pattern test above which it is reported: ten times what 64 KiB takes a sound pattern. */
export const PATTERN_SLOW = 50;

/** Milliseconds between the starts of two connection attempts: RFC 8305 section 5. */
export const ATTEMPT_DELAY = 250;

/** Connections that wait for `accept()`: Node's backlog in the kernel, once more. */
export const ACCEPT_QUEUE = 511;

/** Bytes of one frame, 1 MiB. Must not be higher than QUEUE_BYTES, or a frame could not be queued. */
export const FRAME_BYTES = 1024 * 1024;

/** Largest UDP payload by family: 65535 less the UDP header, and less the IPv4 header that counts in. */
export const UDP_PAYLOAD = { 4: 65507, 6: 65527 } as const;
