import { COMMAND_TIMEOUT } from "../defaults.js";
import { readFallback } from "../fallback.js";
import { reasonOf } from "../host.js";
import type { EnumerateOptions, OsDeps, RawSnapshot } from "../types.js";
import { parseWindows } from "./parse.js";

/**
 * The script for PowerShell: four CIM cmdlets, whose results it prints as one JSON text in UTF-8. It reads properties and
 * not printed tables, so the language of the system does not matter. -IncludeHidden adds the adapters of dial-up VPNs.
 */
const SCRIPT = [
	"$ErrorActionPreference='Stop'",
	"$ProgressPreference='SilentlyContinue'",
	"[Console]::OutputEncoding=New-Object System.Text.UTF8Encoding $false",
	"$a=@(Get-NetAdapter -IncludeHidden | Select-Object Name,InterfaceDescription,InterfaceGuid,InterfaceIndex," +
		"MacAddress,MtuSize,InterfaceAdminStatus,InterfaceOperationalStatus,InterfaceType,NdisPhysicalMedium," +
		"Virtual,Hidden)",
	"$i=@(Get-NetIPInterface | Select-Object InterfaceIndex,InterfaceAlias,AddressFamily,InterfaceMetric,NlMtu)",
	"$d=@(Get-NetIPAddress | Select-Object InterfaceIndex,InterfaceAlias,IPAddress,PrefixLength,AddressState," +
		"SuffixOrigin)",
	"$r=@(Get-NetRoute | Select-Object InterfaceIndex,DestinationPrefix,NextHop,RouteMetric)",
	"ConvertTo-Json -Compress -Depth 3 @{adapters=$a;interfaces=$i;addresses=$d;routes=$r}",
].join(";");

/** Windows: runs PowerShell once. Where that is refused (policy, Nano Server), it uses what Node itself knows. */
export async function readWindows(deps: OsDeps, options: EnumerateOptions): Promise<RawSnapshot> {
	const { timeout = COMMAND_TIMEOUT, signal } = options;
	try {
		const { stdout } = await deps.run(
			powershellOf(deps),
			["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", SCRIPT],
			{ timeout, ...(signal ? { signal } : {}) },
		);
		return { nics: parseWindows(stdout), routesKnown: { 4: true, 6: true }, missing: [] };
	} catch (error) {
		if (signal?.aborted) throw error;
		return readFallback(deps, options, reasonOf(error));
	}
}

/** By its full path: a bare name would first be looked up in the current folder, where anyone may have put a program. */
function powershellOf({ systemRoot }: OsDeps): string {
	const root = systemRoot !== undefined && /^[a-z]:\\/i.test(systemRoot) ? systemRoot : "C:\\Windows";
	return `${root.replace(/\\+$/, "")}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`;
}
