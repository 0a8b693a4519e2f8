import { isIPv4, isIPv6 } from "node:net";
import type { AddressScope, OsFamily } from "./types.js";

/** Eight 16-bit groups to RFC 5952 text. */
export function formatIpv6(groups: readonly number[]): string {
	let best = -1;
	let bestLength = 1;
	for (let i = 0; i < 8; i++) {
		let end = i;
		while (end < 8 && groups[end] === 0) end++;
		if (end - i > bestLength) {
			best = i;
			bestLength = end - i;
		}
		if (end > i) i = end;
	}
	const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
	if (best < 0) return hex(groups);
	return `${hex(groups.slice(0, best))}::${hex(groups.slice(best + bestLength))}`;
}

/** 32 hex digits, as /proc/net prints an IPv6 address, to groups; `null` for anything else. */
export function groupsFromHex(hex: string): number[] | null {
	if (!/^[0-9a-f]{32}$/i.test(hex)) return null;
	return Array.from({ length: 8 }, (_, i) => Number.parseInt(hex.slice(i * 4, i * 4 + 4), 16));
}

/** The groups of an IPv6 address in any valid spelling without a zone; `null` for anything else. */
export function parseIpv6(text: string): number[] | null {
	if (!isIPv6(text) || text.includes("%")) return null;
	const quad = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
	const plain = quad
		? `${quad[1]}${((Number(quad[2]) << 8) | Number(quad[3])).toString(16)}:${((Number(quad[4]) << 8) | Number(quad[5])).toString(16)}`
		: text;
	const [head = "", tail] = plain.split("::");
	const groups = (part: string): number[] =>
		part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
	if (tail === undefined) return groups(head);
	const before = groups(head);
	const after = groups(tail);
	return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** An address without its zone in canonical text, with its family; `null` when it is no IP address. */
export function canonicalIp(text: string): { readonly af: OsFamily; readonly ip: string } | null {
	if (isIPv4(text)) return { af: 4, ip: text };
	const groups = parseIpv6(text);
	return groups && { af: 6, ip: formatIpv6(groups) };
}

/** The bits of an address, most significant first, as bytes. */
function ipBytes(ip: string): readonly number[] {
	if (isIPv4(ip)) return ip.split(".").map(Number);
	return (parseIpv6(ip.replace(/%.*$/, "")) ?? []).flatMap((group) => [group >> 8, group & 0xff]);
}

/** Whether `ip` lies in `network`/`cidr`; addresses of different families never do. */
export function inNetwork(ip: string, network: string, cidr: number): boolean {
	const a = ipBytes(ip);
	const b = ipBytes(network);
	if (a.length === 0 || a.length !== b.length) return false;
	for (let bit = 0; bit < cidr; bit += 8) {
		const mask = cidr - bit >= 8 ? 0xff : (0xff << (8 - (cidr - bit))) & 0xff;
		if (((a[bit >> 3] ?? 0) & mask) !== ((b[bit >> 3] ?? 0) & mask)) return false;
	}
	return true;
}

/** The prefix length of a netmask in dotted, `0x` or IPv6 form; `null` when its bits have a hole. */
export function prefixOfMask(mask: string): number | null {
	const hex = /^0x([0-9a-f]{8})$/i.exec(mask)?.[1];
	const bytes = hex
		? Array.from({ length: 4 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16))
		: ipBytes(mask);
	if (bytes.length === 0) return null;
	const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
	return /^1*0*$/.test(bits) ? bits.replace(/0/g, "").length : null;
}

/** A prefix length that the family can have; `null` for any other number. */
export function prefixOf(af: OsFamily, bits: number | null): number | null {
	return bits !== null && Number.isInteger(bits) && bits >= 0 && bits <= (af === 4 ? 32 : 128) ? bits : null;
}

/** The scope that an address has by its value (RFC 4291 section 2.4, RFC 3927). */
export function scopeOf(af: OsFamily, ip: string): AddressScope {
	if (af === 4) return ip.startsWith("127.") ? "host" : ip.startsWith("169.254.") ? "link" : "global";
	if (ip === "::1") return "host";
	const first = parseIpv6(ip)?.[0] ?? 0;
	if ((first & 0xffc0) === 0xfe80) return "link";
	return (first & 0xffc0) === 0xfec0 ? "site" : "global";
}

/** A MAC in lower case with colons; `null` for an empty or all-zero one. */
export function cleanMac(text: string): string | null {
	const mac = text.trim().toLowerCase().replaceAll("-", ":");
	if (!/^[0-9a-f]{1,2}(:[0-9a-f]{1,2})+$/.test(mac) || /^[0:]*$/.test(mac)) return null;
	return mac
		.split(":")
		.map((byte) => byte.padStart(2, "0"))
		.join(":");
}
