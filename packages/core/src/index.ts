/**
 * The whole of p2pd behind one import: the names that programs use. What only experts need, and more error classes, are
 * under each package's own path, such as `@p2pd/core/nat` or `@p2pd/core/stun-client/codec`.
 *
 * @packageDocumentation
 */

export type * from "@p2pd/address";
export {
	Address,
	AddressError,
	AddressNotFoundError,
	AddressSyntaxError,
	AddressTimeoutError,
	canonicalIp,
	cidrToNetmask,
	classifyIp,
	IPRange,
	IpAddress,
	ipVersion,
	isIp,
	isPublicIp,
	netmaskToCidr,
	parseTarget,
	resolveHost,
} from "@p2pd/address";
export type * from "@p2pd/nat";
export {
	ASSUMED_NAT,
	BLOCKED_NAT,
	DEPENDENT_DELTA,
	discoverNat,
	discoverNatSteps,
	EQUAL_DELTA,
	FULL_CONE,
	INDEPENDENT_DELTA,
	NA_DELTA,
	NatError,
	natInfo,
	OPEN_INTERNET,
	PRESERV_DELTA,
	parseNatReport,
	predictMappings,
	RANDOM_DELTA,
	RESTRICT_NAT,
	RESTRICT_PORT_NAT,
	SYMMETRIC_NAT,
	SYMMETRIC_UDP_FIREWALL,
} from "@p2pd/nat";
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
export * from "@p2pd/port-map";
export * from "@p2pd/punch";
export * from "@p2pd/route";
export * from "@p2pd/signal";
export type * from "@p2pd/stun-client";
export {
	DEFAULT_STUN_SERVERS,
	observeExternalAddress,
	parseStunServer,
	parseStunServers,
	resolveStunServers,
	StunClient,
	StunError,
	StunResponseError,
	StunServerMemory,
	StunTimeoutError,
	stunServersFromEnv,
	verifyStunServer,
} from "@p2pd/stun-client";
export * from "@p2pd/turn-client";
