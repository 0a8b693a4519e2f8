// Numbers with their units and reasons. All times are in milliseconds.

/** A verdict by then, whatever is lost: five times the longest round trip that is common (satellite, 600), and some. */
export const TIMEOUT = 5000;

/** Servers asked at once: two that lie together are outvoted by the three others. */
export const MAX_SERVERS = 5;
/** Servers asked in all, where answers differ or few can test filtering. Each costs a datagram or two. */
export const MOST_SERVERS = 16;
/** Servers with a second address that are looked for: silence needs two that agree. */
export const CAPABLE_SERVERS = 2;

/** The first repetition while no round trip is known: longer than a satellite's 600, so that it is not wasted there. */
export const INITIAL_RTO = 800;
/** Later repetitions while no round trip is known: four sends lie within SERVER_TIMEOUT, the last with a second to spare. */
export const INITIAL_SPACING = 500;
/**
 * A server that has not answered by then leaves the count: nearly five times a satellite's round trip. It must be above
 * INITIAL_RTO + 2 * INITIAL_SPACING, so that four requests were sent.
 */
export const SERVER_TIMEOUT = 2900;
/** The first repetition at a known round trip R waits R * RTO_FACTOR + RTO_MARGIN: jitter of a fifth costs nothing. */
export const RTO_FACTOR = 1.2;
export const RTO_MARGIN = 20;
/** ... but never less than this, so that a busy process does not send twice on loopback ... */
export const RTO_FLOOR = 45;
/** ... and never more than this, or four sends would not fit into TIMEOUT. */
export const RTO_CEILING = 1500;
/** Later repetitions come R / SPACING_DIVISOR apart, within these bounds: four sends end at about 2 R. */
export const SPACING_DIVISOR = 3;
export const SPACING_FLOOR = 40;
export const SPACING_CEILING = 300;
/**
 * Tests whose silence is expected are repeated R / TEST_SPACING_DIVISOR apart, within these bounds, without waiting
 * for R: four sends take at least 135, so that one burst of loss does not swallow them all.
 */
export const TEST_SPACING_DIVISOR = 6;
export const TEST_SPACING_FLOOR = 45;
export const TEST_SPACING_CEILING = 100;
/** After the last send an answer is awaited for R * RTO_FACTOR + the jitter seen + TAIL_MARGIN. */
export const TAIL_MARGIN = 50;

/** Sends before the silence of a test counts. At 10 % loss each way a test is falsely silent in 0.19^4 = 0.13 %. */
export const SILENCE_SENDS = 4;
/** ... and once loss was seen: 0.19^6 = 0.005 %. */
export const SILENCE_SENDS_LOSSY = 6;
/**
 * Datagrams to an address that a server named and that has never answered, from all servers together: a hostile server
 * may name a victim.
 */
export const UNPROVEN_SENDS = 3;
/** Sends of a request that has to be answered for a verdict to be possible. */
export const PLAIN_SENDS = 6;
/** Sends of a probe of the port train: a second one tells nothing of the order, only of equal and preserving ports. */
export const TRAIN_SENDS = 2;

/** Sends of a probe that the system may refuse before it is given up. */
export const REFUSALS = 2;
/** Servers that have to be silent before UDP is called blocked, or all if there are fewer. */
export const BLOCKED_SERVERS = 4;

/** Between datagrams that may make a NAT create a mapping: slow enough for a home router's slow path. */
export const PACE = 3;
/** Between the datagrams of the port train: above the jitter of a local network, so that their order is kept. */
export const TRAIN_GAP = 6;

/** Servers tested for filtering at first: two have to agree, the third may object. */
export const FILTER_SERVERS = 3;
/** ... of which so many have positive controls while nothing is amiss. */
export const CONTROLLED_SERVERS = 2;
/** Sends of the third server's test for the other port: enough to be contradicted where nothing is lost. */
export const LOOK_SENDS = 2;
/** Servers whose other address is asked at first. */
export const MAPPING_SERVERS = 2;

/** Datagrams for a family where nothing is lost and no answers differ ... */
export const BUDGET_CLEAN = 60;
/** ... and otherwise. */
export const BUDGET_TROUBLE = 120;
/** ... and for each server beyond the first five. */
export const BUDGET_SERVER = 2;

/**
 * Local ports of the port train, relative to its first. The steps of part 1 differ from one another and from 1, so
 * that a NAT that follows the local port and one that counts cannot look alike; all lie close together, so that a
 * NAT with a short range of ports wraps at most once.
 */
export const TRAIN_PART_1: readonly number[] = [0, 3, 8, 10, 17, 21, 30, 36];
/** Part 2 is consecutive: only there a dependent NAT shows its step. */
export const TRAIN_PART_2: readonly number[] = [49, 50, 51, 52, 53, 54, 55, 56];
/** Where the train's first local port is taken from: above the system's ports, with room above. */
export const TRAIN_PORTS = { start: 10_000, end: 64_000 } as const;
/** A run of free local ports is looked for so often. */
export const TRAIN_TRIES = 6;

/** Sends of the hairpin test in each direction; no mapping behaviour hangs on it. */
export const HAIRPIN_SENDS = 2;
/** How long a hairpinned datagram may take: it goes no further than the NAT. */
export const HAIRPIN_WAIT = 40;

/** Servers asked about TCP, one after the other, until one can tell: many serve UDP alone. */
export const TCP_SERVERS = 2;
/** How long a TCP connection with its answer may take beyond two round trips. */
export const TCP_MARGIN = 150;
