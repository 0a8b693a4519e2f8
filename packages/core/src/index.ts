/**
 * The whole of p2pd behind one import: everything that the packages export, and nothing else.
 *
 * @packageDocumentation
 */

export * from "@p2pd/address";
export * from "@p2pd/nat";
// The whole of it is at @p2pd/core/net; these are the names that programs use.
export {
	type Clock,
	type Endpoint,
	endpointText,
	FAMILIES,
	type Family,
	IP4,
	IP6,
	isFamily,
	type SocketFactory,
} from "@p2pd/net";
export * from "@p2pd/netif";
export * from "@p2pd/node";
export * from "@p2pd/peer";
export * from "@p2pd/pipe";
export * from "@p2pd/route";
export * from "@p2pd/signal";
export * from "@p2pd/stun-client";
export * from "@p2pd/turn-client";
