import { IPRange, IpAddress, isIp, netmaskToCidr } from "@p2pd/address";
import { bitsOf, type Family } from "@p2pd/net";
import type { AddressScope } from "./types.js";

/** The address in a text, without its zone; null for anything else. */
export function readIp(text: string): IpAddress | null {
	const bare = text.replace(/%.*$/, "");
	return isIp(bare) ? IpAddress.parse(bare) : null;
}

/** The address in 32 hex digits, as /proc/net prints IPv6 addresses; null for anything else. */
export function ipv6FromHex(hex: string): IpAddress | null {
	return /^[0-9a-f]{32}$/i.test(hex) ? IpAddress.fromBytes(Buffer.from(hex, "hex")) : null;
}

/** The text of an address on a NIC: an IPv6 link-local one gets the zone. */
export function textOnNic(ip: IpAddress, zone: string): string {
	// Not by withZone(): Linux allows characters in a NIC's name that a zone must not have.
	return ip.af === 6 && scopeOf(ip) === "link" ? `${ip}%${zone}` : ip.toString();
}

/** Whether `ip` lies in `network`/`cidr`. Zones do not count, and addresses of different families never do. */
export function inNetwork(ip: string, network: string, cidr: number): boolean {
	const [address, base] = [readIp(ip), readIp(network)];
	return (
		address !== null && base !== null && base.af === address.af && new IPRange(base, cidr).contains(address)
	);
}

/** The prefix length of a netmask in dotted, `0x` or IPv6 form; null for anything else. */
export function prefixOfMask(mask: string): number | null {
	const hex = /^0x([0-9a-f]{8})$/i.exec(mask)?.[1];
	const text = hex === undefined ? mask : IpAddress.fromBytes(Buffer.from(hex, "hex")).toString();
	if (!isIp(text)) return null;
	try {
		return netmaskToCidr(text);
	} catch {
		return null;
	}
}

/** A prefix length if the family can have it, else null. */
export function prefixOf(af: Family, bits: number | null): number | null {
	return bits !== null && Number.isInteger(bits) && bits >= 0 && bits <= bitsOf(af) ? bits : null;
}

/** How far an address reaches by its value (RFC 4291 section 2.4, RFC 3927). */
export function scopeOf(ip: IpAddress): AddressScope {
	if (ip.isLoopback) return "host";
	if (ip.isLinkLocal) return "link";
	return ip.af === 6 && /^fe[c-f]/.test(ip.toString()) ? "site" : "global";
}

/** A MAC address in lower case with colons; null for an empty or all-zero one. */
export function cleanMac(text: string): string | null {
	const mac = text.trim().toLowerCase().replaceAll("-", ":");
	if (!/^[0-9a-f]{1,2}(:[0-9a-f]{1,2})+$/.test(mac) || /^[0:]*$/.test(mac)) return null;
	return mac
		.split(":")
		.map((byte) => byte.padStart(2, "0"))
		.join(":");
}
