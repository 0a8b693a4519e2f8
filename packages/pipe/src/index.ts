/**
 * One object for TCP and UDP, clients and servers, push and pull, over a chosen route.
 *
 * @packageDocumentation
 */
export {};
