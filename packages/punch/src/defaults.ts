/** A peer may say so often that its NAT is of another kind. Each time costs sockets and an observation. */
export const MAX_KIND_CHANGES = 3;
/** Everything ends after this, in ms: three rounds of the longest kind, with a slow channel. */
export const TIMEOUT = 10_000;
/** So often peers agree on an instant. DCUtR tries three times; 97.6 % of its successes come at the first. */
export const ROUNDS = 3;
/** As often as that where ports are predicted: each time a neighbour may have taken the port, or not. */
export const PREDICTED_ROUNDS = 8;
/** A round that has heard nothing ends this long after its instant, in ms. Longer than a SYN's first repeat (1 s). */
export const ROUND_MS = 2500;
/** The same where ports are predicted: wrong ones stay wrong, so the next prediction comes soon. */
export const PREDICTED_ROUND_MS = { udp: 500, tcp: 1200 } as const;
/** A channel message that was not answered is repeated after this, in ms, and then each time later by half. */
export const CHANNEL_REPEAT = 400;
/** The longest pause between repeats on the channel, in ms. */
export const CHANNEL_REPEAT_MAX = 1500;
/** One STUN answer may take this long, in ms. It must leave time for the rounds. */
export const OBSERVE_MS = 2000;
/** And is asked for so often: a SYN that was lost is repeated only after a second. */
export const OBSERVE_TRIES = 2;

/** Sockets on the random side of a birthday punch: the odds of 1,100 probes are then 98.8 %. */
export const BIRTHDAY_SOCKETS = 256;
/** Probes of a birthday punch. */
export const BIRTHDAY_PROBES = 1100;
/** Sockets are opened in batches of so many, so that the process never asks for all descriptors at once. */
export const BATCH = 32;
/** Between two batches, in ms. */
export const BATCH_MS = 4;
/** Guessed ports probed at once, and the pause after them in ms: 800 a second, below what home routers limit. */
export const SCAN_BURST = 4;
export const SCAN_MS = 5;
/** Ports that NATs give out: all but the system's. */
export const SCAN_FROM = 1024;
export const SCAN_TO = 65_535;
/** Guesses pause so long when the system has no buffers left, in ms. */
export const CONGESTION_PAUSE = 50;
/**
 * Hops of a packet that has only to open its own NAT: enough for a home router and a carrier's NAT behind it, too few
 * to reach the peer's and be counted there as an attack.
 */
export const LOW_TTL = 4;
/**
 * After a first round that failed, every path begins with such a packet, of so many hops and one more for each round: a
 * router that remembers unsolicited packets has moved our port if the peer's packet came before ours had left.
 */
export const LOW_TTL_RETRY = 1;
/** Such a packet is repeated after this, in ms, in case it was lost before the own NAT. */
export const LOW_TTL_REPEAT = 1000;
/** The kernel's own default. */
export const NORMAL_TTL = 64;

/** Sockets of a side whose ports are predicted, towards a peer with one known port. */
export const PREDICTED_SOCKETS = 4;
/** Sockets of each side where both ports are predicted and at least one NAT counts. */
export const GRID_SOCKETS = 16;
/** Of those, so many in a row assume the same number of foreign mappings; then one more is assumed. */
export const GRID_STEP = 2;
/** Ports told to the peer where a NAT counts: foreign mappings that are survived, less the own sockets. */
export const WINDOW = 16;

/** TCP: who has to come starts this much later, in ms, so that the other side has opened for its address. */
export const COME_AFTER = 40;
/** A probe is repeated after this, in ms, then twice as late each time. */
export const PROBE_FIRST = 25;
/** The longest pause between two probes of one path, in ms. */
export const PROBE_MAX = 200;
/** Behind the same NAT the external address is tried this long after the local ones, in ms. */
export const HAIRPIN_DELAY = 250;
/** Paths that one punch follows; a peer that sends from more ports than this is lying. */
export const MAX_PATHS = 64;
/** Ports that a peer may name. Above it the message is refused. */
export const MAX_PORTS = 32;
/** Local addresses that a peer may name. */
export const MAX_LAN = 4;

/** A refused connection is tried again after this, in ms: NATs that answer RST are beaten by the next SYN. */
export const TCP_RETRY = 10;
/** A connection that has only to open the own NAT is given up after this, in ms. */
export const TCP_OPENING = 25;
/** So long after the instant, in ms, refused connections are tried less often: the peer is not merely late. */
export const TCP_PATIENCE = 1000;
/** A refused connection is tried again after this, in ms, from then on. */
export const TCP_RETRY_LATE = 50;
/** After other errors than a refusal, in ms. */
export const TCP_RETRY_SLOW = 100;
/** A connection whose other end has not proved itself in this time is closed, in ms: four repeats of a lost segment. */
export const TCP_PROOF = 6000;
/** Unproven connections that a listener keeps. */
export const MAX_ACCEPTED = 16;
/** Local ports are picked from these, Linux's ephemeral range, which NATs keep where they keep ports. */
export const LOCAL_FROM = 32_768;
export const LOCAL_TO = 60_999;
/** Another local port is tried so often if one is taken. */
export const BIND_TRIES = 5;

/** Keep-alive of a mapping whose lifetime is not known, in ms (RFC 8445 section 11). */
export const KEEP_ALIVE = 15_000;
/** The shortest and the longest keep-alive, in ms. */
export const KEEP_ALIVE_MIN = 1000;
export const KEEP_ALIVE_MAX = 60_000;
