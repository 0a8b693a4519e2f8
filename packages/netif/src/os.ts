/**
 * Network interfaces as the operating system describes them, without STUN, routes and NAT. The parsers of each system's
 * tables are here for those who read them elsewhere.
 *
 * @packageDocumentation
 */
export { NetifArgumentError, NetifCommandError, NetifError, type NetifErrorCode } from "./errors.js";
export { type HardwarePort, parseHardwarePorts, parseNetstat } from "./os/darwin/parse.js";
export { lookUpRoute } from "./os/default-nic.js";
export { COMMAND_TIMEOUT } from "./os/defaults.js";
export { enumerateInterfaces, listInterfaceNames } from "./os/enumerate.js";
export { hostDeps, runCommand } from "./os/host.js";
export { parseIfconfig } from "./os/ifconfig.js";
export { type Inet6Line, parseIfInet6, parseProcIpv6Route, parseProcRoute } from "./os/linux/proc.js";
export type {
	AddressScope,
	CommandOutput,
	CommandRunner,
	DefaultNic,
	EnumerateOptions,
	HostAddress,
	MissingFact,
	NicAddress,
	NicGateway,
	NicInfo,
	NicKind,
	NicRoute,
	NicSnapshot,
	OsDeps,
	PerFamily,
	RawNic,
	ReversePathFilter,
	RouteOnNic,
} from "./os/types.js";
export { parseWindows } from "./os/windows/parse.js";
