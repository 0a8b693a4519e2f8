import { cleanMac } from "../ip-text.js";
import type { HostAddress } from "../types.js";

/**
 * The NIC that a name of `os.networkInterfaces()` belongs to. An address with a label (`ip addr add ... label
 * eth0:1`) is listed there under the label as if that were a NIC. Labels begin with the name of their NIC, so the
 * longest real name that the label begins with is taken, if the hardware address agrees.
 *
 * @returns the name, or `null` when no NIC fits
 */
export function nicOfLabel(
	label: string,
	addresses: readonly HostAddress[],
	macs: ReadonlyMap<string, string | null>,
): string | null {
	if (macs.has(label)) return label;
	const mac = cleanMac(addresses[0]?.mac ?? "");
	const fits = [...macs]
		.filter(([name, itsMac]) => label.startsWith(name) && (mac === null || itsMac === null || mac === itsMac))
		.map(([name]) => name);
	return fits.sort((a, b) => b.length - a.length)[0] ?? null;
}
