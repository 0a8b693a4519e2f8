/**
 * Port mapping by PCP (RFC 6887), NAT-PMP (RFC 6886) and UPnP IGD: ports that the router forwards, kept as long as
 * they are needed.
 *
 * @packageDocumentation
 */
export {
	PortMapArgumentError,
	PortMapClosedError,
	PortMapDecodeError,
	PortMapError,
	type PortMapErrorCode,
} from "./errors.js";
export { type MapPortFailure, type MapPortResult, type MapPortSuccess, mapPort } from "./map-port.js";
export { PortMapping, type PortMappingEvents, type PortMappingParts } from "./port-mapping.js";
export type {
	ExternalReach,
	MapPortDeps,
	MapPortOptions,
	PortMapAttempt,
	PortMapMemory,
	PortMapMethod,
	PortMapProtocol,
	PortMapVerified,
	VerifyRequest,
} from "./types.js";
