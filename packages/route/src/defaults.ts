/**
 * How many source addresses are observed at once. Each observation asks a few servers; more than this at once
 * would look like a flood to a home router, and few NICs have as many addresses.
 */
export const OBSERVE_CONCURRENCY = 8;

/** Connections that may wait to be accepted, if no number is given: Node's own. The system cuts it to its limit. */
export const LISTEN_BACKLOG = 511;

/**
 * How long what the kernel says of a destination is taken as known (its choice of source, whether a device
 * leads there), in ms. Long enough to be asked for once in a hundred connections of a busy program, short
 * against a change of the routing table; and the source of each connection is checked when it stands.
 */
export const ANSWER_HOLDS = 100;

/** For how many destinations a bound route remembers that, and where its sockets sit, at some 300 bytes each. */
export const ANSWERS_KEPT = 256;
