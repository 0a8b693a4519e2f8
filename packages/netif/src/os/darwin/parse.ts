import type { Family } from "@p2pd/net";
import { prefixOf, readIp, textOnNic } from "../address-text.js";
import type { NicKind, RouteOnNic } from "../types.js";

/**
 * The unicast routes in `netstat -rn` of macOS and the BSDs: a section for each family with a header, then
 * `Destination Gateway Flags ... Netif Expire`. Destinations are shortened: `192.168.1` is 192.168.1.0/24,
 * `0/1` is 0.0.0.0/1. Routes that apply only to sockets bound to their NIC (flag I) come last; routes of
 * neighbours, reject routes and multicast are left out.
 */
export function parseNetstat(text: string): RouteOnNic[] {
	const plain: RouteOnNic[] = [];
	const scoped: RouteOnNic[] = [];
	let af: Family | null = null;
	let nicColumn = -1;
	for (const line of text.split(/\r?\n/)) {
		const columns = line.trim().split(/\s+/);
		if (/^Internet6?:/.test(line)) af = line.startsWith("Internet6") ? 6 : 4;
		else if (columns[0] === "Destination") nicColumn = columns.indexOf("Netif");
		else if (af !== null && nicColumn > 0) {
			const [destination = "", gateway = "", flags = ""] = columns;
			const nic = columns[nicColumn];
			// L and W mark single neighbours that the kernel has learned; R and B reject; m and b are not unicast.
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
	af: Family,
	text: string,
	flags: string,
): { readonly destination: string; readonly cidr: number } | null {
	if (text === "default") return { destination: af === 4 ? "0.0.0.0" : "::", cidr: 0 };
	const [written = "", prefix] = text.split("/");
	if (af === 6) {
		const ip = readIp(written);
		if (ip === null || ip.isMulticast) return null;
		return withPrefix(6, ip.toString(), prefix === undefined ? 128 : Number(prefix));
	}
	const octets = written.split(".");
	const destination = [...octets, "0", "0", "0"].slice(0, 4).join(".");
	if (readIp(destination)?.af !== 4 || Number(octets[0]) >= 224) return null;
	return withPrefix(
		4,
		destination,
		prefix === undefined ? (flags.includes("H") ? 32 : octets.length * 8) : Number(prefix),
	);
}

function withPrefix(
	af: Family,
	destination: string,
	bits: number,
): { readonly destination: string; readonly cidr: number } | null {
	const cidr = prefixOf(af, bits);
	return cidr === null ? null : { destination, cidr };
}

function parseGateway(text: string, flags: string, nic: string): string | null {
	if (!flags.includes("G")) return null;
	const ip = readIp(text);
	// link#6: on the link itself
	return ip === null ? null : textOnNic(ip, nic);
}

/** The name and kind of a NIC by macOS. */
export interface HardwarePort {
	readonly displayName: string;
	readonly kind: NicKind | null;
}

/** The ports in `networksetup -listallhardwareports` by device: blocks of `Hardware Port:`, `Device:`, address. */
export function parseHardwarePorts(text: string): Map<string, HardwarePort> {
	const ports = new Map<string, HardwarePort>();
	for (const block of text.split(/\r?\n\s*\r?\n/)) {
		const displayName = /^Hardware Port: (.+)$/m.exec(block)?.[1]?.trim();
		const device = /^Device: (.+)$/m.exec(block)?.[1]?.trim();
		if (displayName && device) ports.set(device, { displayName, kind: kindOfPort(displayName) });
	}
	return ports;
}

/** The names of ports are Apple's own. They are English in every language of the system. */
function kindOfPort(port: string): NicKind | null {
	if (/wi-fi|airport/i.test(port)) return "wireless";
	if (/bridge/i.test(port)) return "bridge";
	if (/iphone|ipad|wwan|modem/i.test(port)) return "cellular";
	return /ethernet|lan\b|thunderbolt/i.test(port) ? "ethernet" : null;
}
