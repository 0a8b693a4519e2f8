import { canonicalIp, prefixOf, scopeOf } from "../ip-text.js";
import type { OsFamily, RouteOnNic } from "../types.js";

/**
 * The unicast routes in `netstat -rn` of macOS and the BSDs: a section for each family with a header, then
 * `Destination Gateway Flags ... Netif Expire`. Destinations are shortened: `192.168.1` is 192.168.1.0/24,
 * `0/1` is 0.0.0.0/1. Routes that hold only for sockets bound to their NIC (flag I) come last; neighbours, refused
 * and multicast ones are left out.
 */
export function parseNetstat(text: string): RouteOnNic[] {
	const plain: RouteOnNic[] = [];
	const scoped: RouteOnNic[] = [];
	let af: OsFamily | null = null;
	let nicColumn = -1;
	for (const line of text.split(/\r?\n/)) {
		const columns = line.trim().split(/\s+/);
		if (/^Internet6?:/.test(line)) af = line.startsWith("Internet6") ? 6 : 4;
		else if (columns[0] === "Destination") nicColumn = columns.indexOf("Netif");
		else if (af !== null && nicColumn > 0) {
			const [destination = "", gateway = "", flags = ""] = columns;
			const nic = columns[nicColumn];
			// L and W mark single neighbours that the kernel has met; R and B refuse; m and b are not unicast.
			if (!nic || !flags.startsWith("U") || /[LWRBmb]/.test(flags)) continue;
			const network = parseDestination(af, destination, flags);
			if (!network) continue;
			const route = { af, ...network, gateway: parseGateway(gateway, flags, nic), metric: null };
			(flags.includes("I") ? scoped : plain).push({ nic, route });
		}
	}
	return [...plain, ...scoped];
}

function parseDestination(
	af: OsFamily,
	text: string,
	flags: string,
): { readonly destination: string; readonly cidr: number } | null {
	if (text === "default") return { destination: af === 4 ? "0.0.0.0" : "::", cidr: 0 };
	const [written = "", prefix] = text.split("/");
	if (af === 6) {
		const ip = canonicalIp(written.replace(/%.*$/, ""))?.ip;
		if (ip === undefined || ip.startsWith("ff")) return null;
		return withPrefix(6, ip, prefix === undefined ? 128 : Number(prefix));
	}
	const octets = written.split(".");
	const destination = [...octets, "0", "0", "0"].slice(0, 4).join(".");
	if (canonicalIp(destination)?.af !== 4 || Number(octets[0]) >= 224) return null;
	return withPrefix(
		4,
		destination,
		prefix === undefined ? (flags.includes("H") ? 32 : octets.length * 8) : Number(prefix),
	);
}

function withPrefix(
	af: OsFamily,
	destination: string,
	bits: number,
): { readonly destination: string; readonly cidr: number } | null {
	const cidr = prefixOf(af, bits);
	return cidr === null ? null : { destination, cidr };
}

function parseGateway(text: string, flags: string, nic: string): string | null {
	if (!flags.includes("G")) return null;
	const found = canonicalIp(text.replace(/%.*$/, ""));
	if (!found) return null; // link#6: on the link itself
	return found.af === 6 && scopeOf(6, found.ip) === "link" ? `${found.ip}%${nic}` : found.ip;
}
