/**
 * How many source addresses are observed at once. Each observation asks several servers; more of them at once could
 * look like a flood to a home router, and few NICs have as many addresses.
 */
export const OBSERVE_CONCURRENCY = 8;

/** Connections that may wait to be accepted if no number is given: as many as in Node. The system caps it. */
export const LISTEN_BACKLOG = 511;

/**
 * How long the kernel's answers about a destination (its choice of source, whether a device leads there) count as
 * current, in ms. Long enough that a busy program asks once in a hundred connections, short compared with changes of the
 * routing table. The source address of each connection is checked once it is established.
 */
export const ANSWER_MAX_AGE = 100;

/** For how many destinations a bound route remembers those answers and its source address, at some 300 bytes each. */
export const ANSWERS_KEPT = 256;

/** How many alternatives of a route are returned if no number is given. */
export const ALTERNATIVES_LIMIT = 100;

/** The most alternatives that can be asked for: a list of them takes some hundred megabytes. */
export const MAX_ALTERNATIVES = 2 ** 20;
