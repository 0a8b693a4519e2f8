/**
 * The whole of p2pd behind one import.
 *
 * @packageDocumentation
 */
export {};
