/**
 * What PowerShell is asked, in one start of it: four CIM cmdlets, as one JSON text in UTF-8. Only properties are
 * read, never printed tables, so the language of the system does not matter. -IncludeHidden brings the adapters of
 * dial-up VPNs.
 */
export const WINDOWS_SCRIPT = [
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
