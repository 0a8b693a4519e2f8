/**
 * IP addresses, ranges, IANA classes, host:port targets and DNS.
 *
 * @packageDocumentation
 */
export { Address } from "./address/address.js";
export type { AddressDeps, AddressOptions, ResolveOptions } from "./address/options.js";
export type { FamilyReport, Nat64Report, Resolution } from "./address/resolution.js";
export type { AddressRoute, DnsTcpSocket, DnsUdpSocket, Endpoint } from "./address/types.js";
export type { Clock } from "./clock.js";
export type { DnsAttempt, DnsSockets, SystemLookup } from "./dns/types.js";
export {
	AddressDnsError,
	AddressError,
	AddressFamilyError,
	AddressIndexError,
	AddressNotFoundError,
	AddressSyntaxError,
	AddressTimeoutError,
	AddressUnresolvedError,
	AddressValueError,
	AddressZoneError,
} from "./errors.js";
export { bitsOf, FAMILIES, IP4, IP6, isFamily } from "./family.js";
export { classifyIp } from "./ip/classify.js";
export { IpAddress, type IpInput } from "./ip/ip-address.js";
export { parseLegacyV4 } from "./ip/legacy.js";
export { canonicalIp, ipVersion, isIp, isPublicIp } from "./ip/predicates.js";
export { SPECIAL_V4, SPECIAL_V6, type SpecialBlock } from "./ip/special-purpose.js";
export { prefixesFrom as nat64PrefixesFrom } from "./nat64/discover.js";
export { embedV4, extractV4 } from "./nat64/embed.js";
export type { SourceLookup } from "./order/kernel-source.js";
export { IPRange, type RangeOperand } from "./range/ip-range.js";
export { cidrToNetmask, netmaskToCidr } from "./range/netmask.js";
export {
	type Resolver,
	type ResolverDeps,
	type ResolverOptions,
	type ResolverSockets,
	resolveHost,
} from "./resolve/resolver.js";
export { hostPortText } from "./target/host-port-text.js";
export { checkPort, parseTarget } from "./target/parse-target.js";
export type { Target, TargetInput, TargetOptions, TargetWithPort } from "./target/types.js";
export { portOfScheme } from "./target/url-ports.js";
export type { Family, HostPort, IPRangeJson, IpClass } from "./types.js";
