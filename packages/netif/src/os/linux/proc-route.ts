import { prefixOfMask } from "../ip-text.js";
import type { RouteOnNic } from "../types.js";

const RTF_UP = 0x0001;
const RTF_GATEWAY = 0x0002;
const RTF_REJECT = 0x0200;

/**
 * The routes in /proc/net/route (proc(5)): a header, then one line a route with the columns
 * `Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT`. Addresses are the hex digits of a host
 * integer that holds network byte order, so on a little-endian machine the bytes stand reversed. It shows the main
 * table alone, and of a multipath route the first next hop alone. A mask with a hole (gVisor writes such) is left out.
 */
export function parseProcRoute(text: string, endianness: "LE" | "BE"): RouteOnNic[] {
	const routes: RouteOnNic[] = [];
	for (const line of text.split("\n").slice(1)) {
		const [nic, destination, gateway, flags, , , metric, mask] = line.trim().split(/\s+/);
		if (!nic || !destination || !gateway || !flags || !metric || !mask) continue;
		const bits = Number.parseInt(flags, 16);
		if (!(bits & RTF_UP) || bits & RTF_REJECT) continue;
		const network = dotted(destination, endianness);
		const hop = dotted(gateway, endianness);
		const dottedMask = dotted(mask, endianness);
		const cidr = dottedMask === null ? null : prefixOfMask(dottedMask);
		if (network === null || hop === null || cidr === null) continue;
		routes.push({
			nic,
			route: {
				af: 4,
				destination: network,
				cidr,
				gateway: bits & RTF_GATEWAY ? hop : null,
				metric: Number(metric),
			},
		});
	}
	return routes;
}

function dotted(hex: string, endianness: "LE" | "BE"): string | null {
	if (!/^[0-9a-f]{8}$/i.test(hex)) return null;
	const bytes = [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
	return (endianness === "LE" ? bytes.reverse() : bytes).join(".");
}
