import { readHostAddresses } from "./host-addresses.js";
import { hostDeps } from "./host-deps.js";
import { readLinuxNames } from "./linux/names.js";
import type { OsDeps } from "./types.js";

/**
 * The names of all NICs, at once and without a child process. On Linux every NIC of this network namespace; on
 * other systems those that `os.networkInterfaces()` lists, which leaves out links that are down. Empty where the
 * OS refuses even that.
 *
 * @param deps the operating system; this machine's by default
 */
export function listInterfaceNames(deps: Partial<OsDeps> = {}): string[] {
	const os: OsDeps = { ...hostDeps, ...deps };
	if (os.platform === "linux" || os.platform === "android") {
		try {
			return readLinuxNames(os);
		} catch {
			// Android refuses both; what libuv gets from getifaddrs is left.
		}
	}
	const host = readHostAddresses(os);
	return host.ok ? [...host.byName.keys()] : [];
}
