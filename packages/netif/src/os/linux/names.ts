import type { OsDeps } from "../types.js";

/** The names in /proc/net/dev: two lines of header, then `name: counters` a line. */
function parseProcNetDev(text: string): string[] {
	return text
		.split("\n")
		.slice(2)
		.map((line) => /^\s*(.+?):/.exec(line)?.[1])
		.filter((name): name is string => name !== undefined);
}

/**
 * The names of every NIC in the network namespace of this process. /proc/net follows the process into its
 * namespace; /sys shows the one in which it was mounted, so it is asked second.
 *
 * @throws with the OS's `code` when both are refused
 */
export function readLinuxNames(deps: OsDeps): string[] {
	try {
		return parseProcNetDev(deps.readFile("/proc/net/dev"));
	} catch {
		// bonding_masters is a file of the bonding driver, and no NIC.
		return deps.readDir("/sys/class/net").filter((name) => name !== "bonding_masters");
	}
}
