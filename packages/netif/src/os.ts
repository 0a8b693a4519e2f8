/**
 * Network interfaces as the operating system has them, alone: importing it loads no other package of p2pd.
 *
 * @packageDocumentation
 */

export { CommandError, NetifError, type NetifErrorCode } from "./errors.js";
export { runCommand } from "./os/command.js";
export { type HardwarePort, parseHardwarePorts } from "./os/darwin/hardware-ports.js";
export { parseNetstat } from "./os/darwin/netstat.js";
export { lookUpRoute } from "./os/default-nic.js";
export { COMMAND_TIMEOUT } from "./os/defaults.js";
export { enumerateInterfaces } from "./os/enumerate.js";
export { hostDeps } from "./os/host-deps.js";
export { parseIfconfig } from "./os/ifconfig.js";
export { type Inet6Line, parseIfInet6 } from "./os/linux/proc-if-inet6.js";
export { parseProcIpv6Route } from "./os/linux/proc-ipv6-route.js";
export { parseProcRoute } from "./os/linux/proc-route.js";
export { listInterfaceNames } from "./os/names.js";
export { kernelSourceAddress } from "./os/source-address.js";
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
	OsFamily,
	PerFamily,
	RawNic,
	ReversePathFilter,
	RouteOnNic,
	SourceAnswer,
} from "./os/types.js";
export { parseWindows } from "./os/windows/parse.js";
