/**
 * IP addresses and ranges, IANA classes, `host:port` targets, and names resolved to addresses.
 *
 * @packageDocumentation
 */

export {
	AddressArgumentError,
	AddressDnsError,
	AddressError,
	AddressFamilyError,
	AddressIndexError,
	AddressNoDnsError,
	AddressNotFoundError,
	AddressSyntaxError,
	AddressTimeoutError,
	AddressUnresolvedError,
	AddressValueError,
	AddressZoneError,
} from "./errors.js";
export {
	canonicalIp,
	cidrToNetmask,
	classifyIp,
	IPRange,
	type IPRangeJson,
	IpAddress,
	type IpClass,
	type IpInput,
	ipVersion,
	isIp,
	isPublicIp,
	netmaskToCidr,
	type RangeOperand,
} from "./ip/index.js";
export { parseLegacyV4 } from "./ip/legacy.js";
export { Address } from "./resolve/address.js";
export { embedV4, extractV4, nat64PrefixesFrom } from "./resolve/nat64.js";
export { resolveHost } from "./resolve/resolver.js";
export type {
	AddressDeps,
	AddressOptions,
	DnsAttempt,
	FamilyReport,
	Nat64Report,
	NicServers,
	Resolution,
	ResolvedEndpoint,
	ResolveOptions,
	Resolver,
	ResolverDeps,
	ResolverOptions,
	ResolverSockets,
	SourceLookup,
	SystemLookup,
} from "./resolve/types.js";
export {
	parseTarget,
	type Target,
	type TargetInput,
	type TargetOptions,
	type TargetWithPort,
} from "./target/target.js";
