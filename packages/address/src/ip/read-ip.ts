import ipaddr from "ipaddr.js";
import { IP4, IP6 } from "../family.js";
import type { Family } from "../types.js";

/** An address taken apart, or the place and reason of the first fault. Readers return faults, callers throw them. */
export type IpReading =
	| { readonly ok: true; readonly af: Family; readonly value: bigint; readonly zone: string | null }
	| Fault;

/** The first character at fault, counted from 0, and what is wrong there. */
export interface Fault {
	readonly ok: false;
	readonly position: number;
	readonly reason: string;
}

/** Makes a {@link Fault}. */
export function fault(position: number, reason: string): Fault {
	return { ok: false, position, reason };
}

/** The longest address text: eight groups with a dotted quad at the end, RFC 4291 section 2.2. */
const V6_LONGEST = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".length;
/** Longer than any interface name of an OS that we know, and short enough for a message. */
const ZONE_LONGEST = 64;

/**
 * Reads an IPv4 or IPv6 address strictly: four decimal parts without leading zeros, or the forms of RFC 4291
 * section 2.2, with a `%zone` (RFC 4007 section 11) where the address has a scope smaller than the world.
 * ipaddr.js reads more than that, so what it must not see is turned away first; that also bounds its work.
 */
export function readIp(text: string): IpReading {
	return text.includes(":") ? readV6(text) : readV4(text);
}

function readV4(text: string): IpReading {
	const bad = v4Fault(text);
	if (bad) return bad;
	const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(text).octets;
	return { ok: true, af: IP4, value: BigInt(((a << 24) | (b << 16) | (c << 8) | d) >>> 0), zone: null };
}

/** What is wrong with a dotted quad, if anything is. */
function v4Fault(text: string): Fault | undefined {
	let parts = 1;
	let digits = 0;
	let part = 0;
	for (let i = 0; i < text.length; i++) {
		const char = text.charCodeAt(i);
		if (char === 0x2e) {
			if (digits === 0) return fault(i, "expected a digit");
			if (parts === 4) return fault(i, "more than four parts");
			parts++;
			digits = 0;
			part = 0;
		} else if (char >= 0x30 && char <= 0x39) {
			if (digits === 1 && part === 0) return fault(i - 1, "a leading zero");
			digits++;
			part = part * 10 + char - 0x30;
			if (part > 255) return fault(i, "a part above 255");
		} else return fault(i, "not a character of an IP address");
	}
	if (digits === 0) return fault(text.length, "expected a digit");
	if (parts < 4) return fault(text.length, "fewer than four parts");
	return undefined;
}

function readV6(text: string): IpReading {
	const percent = text.indexOf("%");
	const address = percent < 0 ? text : text.slice(0, percent);
	const bad = v6Fault(address);
	if (bad) return bad;
	let parts: readonly number[];
	try {
		parts = ipaddr.IPv6.parse(address).parts;
	} catch {
		// ipaddr.js says no without saying where; by now only the count of groups can be wrong.
		return fault(address.length, "not eight groups");
	}
	const value = parts.reduce((sum, part) => (sum << 16n) | BigInt(part), 0n);
	if (percent < 0) return { ok: true, af: IP6, value, zone: null };
	const zone = text.slice(percent + 1);
	const badZone = zoneFault(zone, value);
	if (badZone) return fault(percent + badZone.position, badZone.reason);
	return { ok: true, af: IP6, value, zone };
}

/** What is wrong with the groups of an IPv6 text. The count of groups is left to ipaddr.js. */
function v6Fault(text: string): Fault | undefined {
	if (text.length > V6_LONGEST) return fault(V6_LONGEST, "too long for an IP address");
	let start = 0;
	let gaps = 0;
	for (let i = 0; i < text.length; i++) {
		const char = text.charCodeAt(i);
		if (char === 0x3a) {
			if (i > 0 && text.charCodeAt(i - 1) === 0x3a) {
				gaps++;
				if (gaps > 1) return fault(i, "a second ::");
				if (text.charCodeAt(i + 1) === 0x3a) return fault(i + 1, "three colons");
			}
			start = i + 1;
		} else if (char === 0x2e) {
			const v4 = v4Fault(text.slice(start));
			return v4 && fault(start + v4.position, v4.reason);
		} else if (!isHex(char)) return fault(i, "not a character of an IP address");
		else if (i - start >= 4) return fault(i, "a group of more than four digits");
	}
	if (text.startsWith(":") && !text.startsWith("::")) return fault(0, "a single colon at the start");
	if (text.endsWith(":") && !text.endsWith("::")) return fault(text.length - 1, "a single colon at the end");
	return undefined;
}

/** What is wrong with a zone for this address; position 0 is the percent sign. */
export function zoneFault(zone: string, value: bigint): Fault | undefined {
	if (!takesZone(value)) return fault(0, "a zone on an address that is not link-local");
	if (zone === "") return fault(1, "expected a zone");
	if (zone.length > ZONE_LONGEST) return fault(1 + ZONE_LONGEST, "too long for a zone");
	for (let i = 0; i < zone.length; i++) {
		const char = zone.charCodeAt(i);
		// Printable ASCII without what would end a zone in a range, a target or a URL.
		if (char <= 0x20 || char >= 0x7f || "%/[]".includes(zone.charAt(i))) {
			return fault(1 + i, "not a character of a zone");
		}
	}
	return undefined;
}

/** Whether a zone can be of use: link-local unicast (fe80::/10) and multicast (ff00::/8), RFC 4007 section 6. */
export function takesZone(value: bigint): boolean {
	return value >> 118n === 0x3fan || value >> 120n === 0xffn;
}

function isHex(char: number): boolean {
	return (char >= 0x30 && char <= 0x39) || (char >= 0x41 && char <= 0x46) || (char >= 0x61 && char <= 0x66);
}
