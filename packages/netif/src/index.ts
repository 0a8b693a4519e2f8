/**
 * Network interfaces as the operating system describes them, with external addresses, routes and NAT.
 *
 * @packageDocumentation
 */
export {
	NetifArgumentError,
	NetifClosedError,
	NetifCommandError,
	NetifError,
	type NetifErrorCode,
	NetifJsonError,
	NetifNoFamilyError,
	NetifNoGatewayError,
	NetifNotFoundError,
	NetifNotStartedError,
	NetifTimeoutError,
} from "./errors.js";
export { Interface } from "./interface.js";
export {
	type ListInterfacesOptions,
	type LoadInterfacesOptions,
	listInterfaces,
	loadInterfaces,
	type UsableInterface,
} from "./load-interfaces.js";
export {
	type Enumerate,
	type InitDeps,
	type InterfaceSelector,
	initP2pd,
	type LookOptions,
	Netifaces,
} from "./netifaces.js";
export { enumerateInterfaces } from "./os/enumerate.js";
export type {
	AddressScope,
	CommandRunner,
	DefaultNic,
	EnumerateOptions,
	MissingFact,
	NicAddress,
	NicGateway,
	NicInfo,
	NicKind,
	NicRoute,
	NicSnapshot,
	OsDeps,
	PerFamily,
	ReversePathFilter,
} from "./os/types.js";
export type {
	ByFamilyJson,
	CallOptions,
	InterfaceDeps,
	InterfaceJson,
	InterfaceOptions,
	InterfaceRouteJson,
	RefreshOptions,
	SourceSpec,
	StunServerOption,
} from "./types.js";
export { diffSnapshots } from "./watch/diff.js";
export type { InterfaceChange, InterfacesEvent, WatchDeps, WatchOptions } from "./watch/types.js";
export { watchInterfaces } from "./watch/watch.js";
