/**
 * Network interfaces as the operating system has them, with external addresses, routes and NAT.
 *
 * @packageDocumentation
 */
export {};
