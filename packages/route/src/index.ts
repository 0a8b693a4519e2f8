/**
 * Routes from NIC addresses to external addresses, and sockets that leave through exactly that NIC and address.
 *
 * @packageDocumentation
 */
export {
	RouteDeviceBindingError,
	RouteError,
	type RouteErrorCode,
	RouteFamilyError,
	RouteNativeMissingError,
	RouteNoAddressError,
	RoutePoolEndError,
	RoutePoolMissingError,
	RouteSocketError,
	RouteUnreachableError,
	RouteValueError,
	RouteZoneError,
	type UnreachableProblem,
} from "./errors.js";
export type { Reachability } from "./kernel/reachability.js";
export type { SocketDeps } from "./kernel/system.js";
export { resolveRoutes } from "./resolve/resolve-routes.js";
export type {
	Observation,
	ObservedSource,
	ObserveExternal,
	ResolveRoutesOptions,
	RouteResolution,
	Unverified,
} from "./resolve/types.js";
export { BoundRoute, Route, type RouteSet } from "./routes/route.js";
export { type PoolTarget, RoutePool } from "./routes/route-pool.js";
export type { NicSockets } from "./sockets/nic-sockets.js";
export { kernelRoute, type SourceRouteOptions, sourceRoute } from "./sockets/source-route.js";
export type { BindOptions, DeviceBinding, RouteInit, RouteJson, SourceAddress } from "./types.js";
