/** Bytes of a node id: 160 bits, so that finding a second key with a given id takes 2^160 tries. */
export const NODE_ID_BYTES = 20;
/** Bytes of a raw Ed25519 or X25519 public key (RFC 8032, RFC 7748). */
export const PUBLIC_KEY_BYTES = 32;
/** Bytes of an Ed25519 signature (RFC 8032). */
export const SIGNATURE_BYTES = 64;
/** Bytes of a ChaCha20-Poly1305 tag (RFC 8439). */
export const TAG_BYTES = 16;
/** Bytes of the random value by which a run of a node is told from its earlier runs. */
export const BOOT_BYTES = 8;

/** The longest peer address in bytes: 8 signal URLs and 32 candidates fit many times over. */
export const MAX_ADDRESS_BYTES = 2048;
/** Signal URLs in an address. */
export const MAX_SIGNALS = 4;
/** Bytes of one signal URL. */
export const MAX_SIGNAL_BYTES = 200;
/** Candidates in an address: 8 NICs with two families, LAN and external each. */
export const MAX_CANDIDATES = 32;

/** Agreement keys that a node keeps: the current one and those that older copies of its address name. */
export const AGREEMENT_KEYS_KEPT = 8;

/** Sizes of sealed messages are multiples of this, in bytes, so that they tell little of the content. */
export const MESSAGE_STEP = 256;
/** The largest sealed message in bytes: every broker carries it. Must be a multiple of MESSAGE_STEP. */
export const MAX_MESSAGE_BYTES = 8192;

/** How far the clocks of two nodes may be apart, in ms. A replay window has to remember this much in each direction. */
export const MAX_CLOCK_SKEW = 120_000;
/** Message numbers behind the highest that are still told apart: brokers reorder little. */
export const REPLAY_WINDOW = 64;
/** Senders whose messages are remembered at once. About 200 bytes each. */
export const MAX_REPLAY_SENDERS = 4096;

/** Bytes of the token that names an attempt to connect. */
export const ATTEMPT_ID_BYTES = 16;
/** Bytes of each side's share of the key of a connection. */
export const SHARE_BYTES = 32;

/** A datagram that opens a connection is padded to this size, in bytes, so that no answer is larger. Fits every path's MTU. */
export const HELLO_DATAGRAM_BYTES = 1152;
/** How long a cookie is accepted, in ms, at least; at most twice that. */
export const COOKIE_LIFETIME = 10_000;
/** Datagrams behind the newest that are still told apart, as in IPsec (RFC 4303 section 3.4.3), rounded up. */
export const DATAGRAM_WINDOW = 1024;
