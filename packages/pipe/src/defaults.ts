/** Milliseconds to establish a TCP connection, over all of a destination's addresses. P2PD's `con_timeout`. */
export const CONNECT_TIMEOUT = 2000;

/** Milliseconds that `recv` waits by default. P2PD's `recv_timeout`. */
export const RECV_TIMEOUT = 2000;

/** Milliseconds to resolve a destination's name. P2PD's `dns_timeout`. */
export const DNS_TIMEOUT = 2000;

/** Milliseconds of a TLS handshake, after TCP is connected. P2PD's `ssl_handshake`. */
export const TLS_TIMEOUT = 4000;

/**
 * Milliseconds that `close` gives unsent data before it resets the connection. A peer that never reads would hold the
 * connection forever; P2PD gives pending acknowledgements the same 4 s.
 */
export const LINGER = 4000;

/** Milliseconds that a closing UDP pipe waits for its last sends. The kernel takes datagrams at once. */
export const UDP_SEND_WAIT = 1000;

/** Messages that a subscription queues: P2PD's documented `max_qsize`. */
export const QUEUE_MESSAGES = 1000;

/** Bytes that a subscription queues, 8 MiB: about the largest receive buffer that Linux gives a TCP socket. */
export const QUEUE_BYTES = 8 * 1024 * 1024;

/**
 * Bytes of unfinished sends at which another send is rejected, 16 MiB. Only a sender that does not await reaches it.
 * Must not be lower than RELAY_BYTES and PAUSE_BYTES, or a send would be rejected before its source waits.
 */
export const SEND_BYTES = 16 * 1024 * 1024;

/**
 * What a pending send counts for at least, in bytes: about the memory of its promise and its place in the stream's
 * buffer. With SEND_BYTES it limits a pipe to 32768 pending sends.
 */
export const SEND_COST = 512;

/**
 * Bytes of unfinished sends at which a server's connection stops reading, 1 MiB: its peer asks faster than it reads the
 * answers. Far above what one answer to one 64 KiB read costs, so that a peer that reads is never slowed down.
 */
export const PAUSE_BYTES = 1024 * 1024;

/** Bytes on their way to a relay's target at which its source waits (TCP) or drops (UDP), 1 MiB. */
export const RELAY_BYTES = 1024 * 1024;

/** Messages that are remembered to detect duplicates. P2PD's `max_msg_ids`. */
export const DEDUPE_MESSAGES = 1000;

/**
 * Leading bytes of a message that a pattern sees, 64 KiB: a whole datagram, and Node's largest TCP read. A pattern runs
 * synchronously, so this limits how long a peer's message can keep it busy.
 */
export const PATTERN_BYTES = 64 * 1024;

/** Milliseconds of one pattern test above which it is reported: ten times what a sound pattern takes for 64 KiB. */
export const PATTERN_SLOW = 50;

/** Milliseconds between the starts of two connection attempts: RFC 8305 section 5. */
export const ATTEMPT_DELAY = 250;

/** Connections that wait for `accept()`: as many as Node's default backlog in the kernel. */
export const ACCEPT_QUEUE = 511;

/** TLS handshakes that a server has at once. A new one above that ends the oldest. */
export const TLS_HANDSHAKES = 256;

/** Descriptors that servers leave to the rest of the process: files, name look-ups, outgoing connections, handshakes. */
export const DESCRIPTOR_RESERVE = 128;

/** The limit of descriptors that is assumed where the system does not tell: the usual soft limit of Linux. */
export const DESCRIPTOR_LIMIT = 1024;

/** Bytes of one frame, 1 MiB. Must not be higher than QUEUE_BYTES, or a frame could not be queued. */
export const FRAME_BYTES = 1024 * 1024;

/** Largest UDP payload by family: 65535 less the UDP header, and less the IPv4 header that counts in. */
export const UDP_PAYLOAD = { 4: 65507, 6: 65527 } as const;
