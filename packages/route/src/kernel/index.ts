/**
 * What route asks of the operating system: libc, and Linux's reverse-path filter. For tests and for other packages.
 *
 * @packageDocumentation
 */
export { type Libc, type LibcAccess, loadLibc } from "./libc.js";
export type { SocketNumbers } from "./numbers.js";
export { readReversePathFilter } from "./reverse-path-filter.js";
