/**
 * Linux's reverse-path filter that applies to a NIC (`net.ipv4.conf.*.rp_filter`): 0 off, 1 strict, 2 loose. The higher
 * one of the NIC's own setting and that of "all" counts (ip-sysctl). Null where either cannot be read.
 *
 * @param readFile reads a file as text, or throws
 */
export function readReversePathFilter(nic: string, readFile: (path: string) => string): number | null {
	const levels = ["all", nic].map((scope) => {
		try {
			return /^\d+$/.exec(readFile(`/proc/sys/net/ipv4/conf/${scope}/rp_filter`).trim())?.[0];
		} catch {
			return undefined;
		}
	});
	return levels.includes(undefined) ? null : Math.max(...levels.map(Number));
}
