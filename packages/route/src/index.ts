/**
 * Routes from NIC addresses to external addresses, and sockets that leave through exactly that NIC and address.
 *
 * @packageDocumentation
 */
export {
	DeviceBindingError,
	NativeMissingError,
	RouteError,
	RouteFamilyError,
	RouteNoAddressError,
	RoutePoolEndError,
	RoutePoolMissingError,
	RouteValueError,
	RouteZoneError,
	SocketError,
	UnreachableError,
	type UnreachableProblem,
} from "./errors.js";
export type { Libc, LibcAccess, SocketNumbers } from "./libc/types.js";
export { BoundRoute } from "./pool/bound-route.js";
export { Route, type RouteSet } from "./pool/route.js";
export { RoutePool } from "./pool/route-pool.js";
export type { RouteInit, RouteJson } from "./pool/types.js";
export { resolveRoutes } from "./resolve/resolve-routes.js";
export type {
	Observation,
	ObservedSource,
	ObserveExternal,
	ResolveRoutesOptions,
	RouteResolution,
	Unverified,
} from "./resolve/types.js";
export { BoundSockets } from "./sockets/bound-sockets.js";
export { kernelRoute } from "./sockets/kernel-route.js";
export type { Reachability } from "./sockets/reachability.js";
export { type SourceRouteOptions, sourceRoute } from "./sockets/source-route.js";
export type { SocketDeps } from "./sockets/types.js";
export type {
	BindOptions,
	ConnectOptions,
	DeviceBinding,
	ListenOptions,
	RouteNic,
	SocketFactory,
	SocketOptions,
	SourceAddress,
	UdpOptions,
} from "./types.js";
