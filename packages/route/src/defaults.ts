/**
 * How many source addresses are observed at once. Each observation asks a few servers; more than this at once
 * would look like a flood to a home router, and few NICs have as many addresses.
 */
export const OBSERVE_CONCURRENCY = 8;

/** Connections that may wait to be accepted, if no number is given: Node's own. The system cuts it to its limit. */
export const LISTEN_BACKLOG = 511;
