/**
 * How many source addresses are observed at once. Each observation asks a few servers; more than this at once
 * would look like a flood to a home router, and few NICs have as many addresses.
 */
export const OBSERVE_CONCURRENCY = 8;

/** Connections that may wait to be accepted, if no number is given: Node's own. The system cuts it to its limit. */
export const LISTEN_BACKLOG = 511;

/**
 * How long the kernel's choice of source for a destination is taken as known, in ms. Long enough to be asked
 * for once in a hundred connections of a busy program, short against a change of the routing table; and the
 * source of each connection is checked when it stands.
 */
export const SOURCE_HOLDS = 100;

/** For how many destinations a route remembers that choice at once, at some 100 bytes each. */
export const SOURCES_KNOWN = 256;
