/**
 * Network interfaces as the operating system has them, with external addresses, routes and NAT.
 *
 * @packageDocumentation
 */

export type { InterfaceSelector } from "./choose-nic.js";
export {
	ClosedError,
	CommandError,
	InterfaceNotFoundError,
	InvalidFamilyError,
	InvalidJsonError,
	InvalidTimeoutError,
	NetifError,
	type NetifErrorCode,
	NoDefaultInterfaceError,
	NotStartedError,
	StartTimeoutError,
	UnsupportedFamilyError,
} from "./errors.js";
export { initP2pd } from "./init.js";
export { Interface } from "./interface.js";
export {
	type ListInterfacesOptions,
	type LoadInterfacesOptions,
	listInterfaces,
	loadInterfaces,
} from "./load-interfaces.js";
export { type Enumerate, Netifaces } from "./netifaces.js";
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
	InitDeps,
	InterfaceDeps,
	InterfaceJson,
	InterfaceOptions,
	InterfaceRouteJson,
	NatJson,
	RefreshOptions,
	SourceSpec,
} from "./types.js";
export type { UsableInterface } from "./usable.js";
export { diffSnapshots } from "./watch/diff.js";
export type { InterfaceChange, InterfacesEvent, WatchDeps, WatchOptions } from "./watch/types.js";
export { watchInterfaces } from "./watch/watch.js";
