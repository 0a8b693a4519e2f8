/**
 * UDP and TCP hole punching between two peers behind NATs.
 *
 * @packageDocumentation
 */
export {};
