import type { NodePath } from "./types.js";

/** All of a connect, in ms: a user waits no longer for a failure. */
export const CONNECT_TIMEOUT = 10_000;
/** All of looking for external addresses and NATs, in ms: what is not known by then is left out. */
export const GATHER_TIMEOUT = 6000;
/** How long `start` waits for the signal servers, in ms. The node goes on trying. */
export const SIGNAL_TIMEOUT = 4500;

/** How long `start` and `refresh` wait for a router's first answer, in ms. A later one changes the address. */
export const MAPPING_TIMEOUT = 500;

/** The ways in the order of their worth. */
export const PATHS: readonly NodePath[] = ["lan", "direct", "reverse", "punch", "relay"];
/** Between the starts of two ways, in ms: less than a round trip on the Internet, more than one in a LAN. */
export const STAGGER = 40;
/** How long a relay that is ready waits for a better way that is still being tried, in ms. */
export const RELAY_GRACE = 500;
/** One try over a way that needs no cooperation of a NAT, in ms. */
export const DIAL_TIMEOUT = 7000;

/** Between two copies of a message to which no answer has come, in ms: brokers lose little. */
export const RESEND = 1000;

/** TLS or datagram handshake, in ms. */
export const HANDSHAKE_TIMEOUT = 7000;
/** From the end of the handshake to the dialer's choice of this connection, in ms. Must be more than RELAY_GRACE. */
export const SELECT_TIMEOUT = 8000;

/** Incoming connections that have not proven who they are, at once, of all addresses and of one. */
export const MAX_STRANGERS = 512;
export const MAX_STRANGERS_PER_IP = 256;
/** From accepting a connection to the end of its preamble, in ms. */
export const PREAMBLE_TIMEOUT = 3000;
/** The longest preamble in bytes: a sealed hello has 512. */
export const MAX_PREAMBLE = 1024;

/** Requests from peers that are being answered at once, of all peers and of one. */
export const MAX_CALLS = 512;
export const MAX_CALLS_PER_PEER = 128;
/** How long a request of a peer is worked on, in ms. More than CONNECT_TIMEOUT: the peer gives up first. */
export const CALL_TIMEOUT = 12_000;
/** Messages to the inbox that are opened in a second, in the long run and at once. Each costs about 0.3 ms. */
export const INBOX_RATE = 200;
export const INBOX_BURST = 400;

/** The range of ports that are derived from the keys, as P2PD has it. */
export const PORT_RANGE = { first: 10_000, count: 50_000 } as const;
/** How often a node signs a new address, in ms: half of its lifetime, so that one that is passed on is still valid for hours. */
export const RENEWAL = 43_200_000;
/** Peers whose last way is remembered. */
export const MAX_KNOWN_PEERS = 1024;

/** One STUN server's answer to an observation, in ms, and how many are asked: a punch must not wait for long. */
export const OBSERVE_TIMEOUT = 1500;
export const OBSERVE_TRIES = 6;
/** The part of a punch that one family and NIC get, in ms. Less than CONNECT_TIMEOUT. */
export const PUNCH_TIMEOUT = 9000;

/** Between two copies of a hello, and of the dialer's choice, over datagrams, in ms: about a long round trip. */
export const HELLO_RESEND = 250;
export const CONTROL_RESEND = 100;
/** Connections of one UDP port. */
export const MAX_DATAGRAM_LINKS = 4096;
/** Between two keep-alive datagrams, in ms: RFC 8445 has 15 s, most NATs remember UDP for 30 s. */
export const KEEPALIVE = 15_000;
/** A peer that was not heard for this long is gone, in ms: three keep-alives were lost. */
export const SILENCE = 50_000;
