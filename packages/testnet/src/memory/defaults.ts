/** Virtual ms after which `runUntil` gives up: an hour is longer than any timer of ours except lifetimes. */
export const RUN_LIMIT_MS = 3_600_000;

/** Turns of the event loop that `runUntil` grants when no timer is left; enough for closes and streams to settle. */
export const IDLE_TURNS = 64;

/** Network events in a row without entering the code under test: a loop of packets, not a scenario. */
export const MAX_EVENTS_AT_ONCE = 10_000_000;

/** Ports that a host picks from when none was asked for: Linux's `ip_local_port_range`. */
export const EPHEMERAL_PORTS: readonly [number, number] = [32_768, 60_999];

/** External ports of a NAT that names none: everything but the well-known ones. */
export const NAT_PORTS: readonly [number, number] = [1024, 65_535];

/** An idle UDP mapping lives 2 minutes, the least that RFC 4787 REQ-5 allows. */
export const UDP_LIFETIME_MS = 120_000;

/** An idle TCP mapping lives 2 hours and 4 minutes, the least that RFC 5382 REQ-5 allows. */
export const TCP_LIFETIME_MS = 7_440_000;

/** Hops that a packet may take: the IP TTL that Linux starts with. */
export const DEFAULT_TTL = 64;

/** How long a reordered packet is held back when the link does not say, ms. */
export const REORDER_BY_MS = 10;

/** The largest UDP payload over IPv4; Linux refuses more with EMSGSIZE. */
export const MAX_UDP_PAYLOAD = 65_507;

/** What Linux says of a fresh socket's buffers, bytes (`net.core.rmem_default`). */
export const SOCKET_BUFFER = 212_992;

/** Payload of a full TCP segment, bytes: an Ethernet frame less the headers of IPv6 and TCP. */
export const TCP_SEGMENT = 1440;

/** What a TCP socket takes in before its reader reads, bytes; also what a writer may have under way. */
export const TCP_BUFFER = 65_536;

/** Before a first SYN is repeated, ms (RFC 6298 section 2); doubles from there. */
export const TCP_FIRST_RTO_MS = 1000;

/** The least time before a segment is repeated, ms: Linux's, below RFC 6298's second. */
export const TCP_MIN_RTO_MS = 200;

/** The longest time between repeats, ms. Must not be lower than the two above. */
export const TCP_MAX_RTO_MS = 120_000;

/** How often a SYN is repeated: with 1 s doubling the attempt ends after 127 s, as on Linux. */
export const TCP_SYN_RETRIES = 6;

/** How often any other segment is repeated without an answer; Linux's `tcp_retries2`. */
export const TCP_RETRIES = 15;

/** How long a closed socket waits for the other side to end too, ms; Linux's `tcp_fin_timeout`. */
export const TCP_LINGER_MS = 60_000;
