/**
 * The whole of p2pd behind one import: everything that the six packages export, and nothing else.
 *
 * @packageDocumentation
 */

// Names that several packages declare for themselves, so that none imports another for a type: one stands for all.
export type { Clock, Family, HostPort } from "@p2pd/address";
export * from "@p2pd/address";
export * from "@p2pd/nat";
export * from "@p2pd/netif";
export * from "@p2pd/pipe";
export * from "@p2pd/route";
export * from "@p2pd/stun-client";
