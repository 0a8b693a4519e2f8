import { type Family, IP4, IP6 } from "@p2pd/net";
import { requireText } from "../arguments.js";
import { AddressSyntaxError } from "../errors.js";

/*
 * The one way from text to an address and back. Reading is strict, and there is one canonical text for each address,
 * so that equal addresses are equal strings.
 */

/** An address taken apart, or its first fault. Readers return faults; callers throw them. */
export type IpReading =
	| { readonly ok: true; readonly af: Family; readonly value: bigint; readonly zone: string | null }
	| Fault;

/** What is wrong with a text, and the index of the first wrong character. */
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
/** Longer than any interface name of a known OS, and short enough for an error message. */
const ZONE_LONGEST = 64;

/**
 * Reads an IPv4 or IPv6 address strictly: four decimal parts without leading zeros, or the forms of RFC 4291
 * section 2.2, with a `%zone` (RFC 4007 section 11) if the address has a scope smaller than global.
 */
export function readIp(text: string): IpReading {
	return text.includes(":") ? readV6(text) : readV4(text);
}

/** The family of an address text by the strict rules: 4, 6, or 0 for anything else. */
export function ipVersion(text: string): Family | 0 {
	if (typeof text !== "string") return 0;
	const reading = readIp(text);
	return reading.ok ? reading.af : 0;
}

/** Whether a text is an IPv4 or IPv6 address by the strict rules of `IpAddress.parse`. False for anything else. */
export function isIp(text: string): boolean {
	return typeof text === "string" && readIp(text).ok;
}

/**
 * The canonical text of an address (RFC 5952), so that equal addresses are equal strings.
 *
 * @throws AddressSyntaxError if the text is not an address (`ERR_ADDRESS_SYNTAX`)
 */
export function canonicalIp(text: string): string {
	requireText(text, "text");
	const reading = readIp(text);
	if (!reading.ok) throw new AddressSyntaxError(text, reading.position, reading.reason);
	const { value, af, zone } = reading;
	return zone === null ? printIp(value, af) : `${printIp(value, af)}%${zone}`;
}

/**
 * The canonical text of an address: dotted quad, or RFC 5952 section 4. A v4-mapped address keeps its dotted quad
 * (section 5), as Node's sockets print it.
 */
export function printIp(value: bigint, af: Family): string {
	if (af === IP4) return printV4(Number(value));
	if (value >> 32n === 0xffffn) return `::ffff:${printV4(Number(value & 0xffff_ffffn))}`;
	const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
	const { start, end } = longestZeros(groups);
	const hex = (from: number, to: number): string =>
		groups
			.slice(from, to)
			.map((group) => group.toString(16))
			.join(":");
	return start === end ? hex(0, 8) : `${hex(0, start)}::${hex(end, 8)}`;
}

/** The first longest run of two or more zero groups, RFC 5952 section 4.2; empty if there is none. */
function longestZeros(groups: readonly number[]): { readonly start: number; readonly end: number } {
	let longest = { start: 0, end: 0 };
	for (let start = 0, end = 0; start < groups.length; start = end + 1) {
		for (end = start; groups[end] === 0; ) end++;
		if (end - start > Math.max(1, longest.end - longest.start)) longest = { start, end };
	}
	return longest;
}

/** The 4 or 16 bytes of an address in network order. */
export function bytesOf(value: bigint, af: Family): Uint8Array {
	const bytes = new Uint8Array(af === IP4 ? 4 : 16);
	let rest = value;
	for (let i = bytes.length - 1; i >= 0; i--) {
		bytes[i] = Number(rest & 0xffn);
		rest >>= 8n;
	}
	return bytes;
}

/** What is wrong with a zone for this address. Position 0 is the percent sign. */
export function zoneFault(zone: string, value: bigint): Fault | undefined {
	if (!takesZone(value)) return fault(0, "a zone on an address that is not link-local");
	if (zone === "") return fault(1, "expected a zone");
	if (zone.length > ZONE_LONGEST) return fault(1 + ZONE_LONGEST, "too long for a zone");
	for (let i = 0; i < zone.length; i++) {
		const char = zone.charCodeAt(i);
		// Printable ASCII, without the characters that end a zone in a range, a target or a URL.
		if (char <= 0x20 || char >= 0x7f || "%/[]".includes(zone.charAt(i))) {
			return fault(1 + i, "not a character of a zone");
		}
	}
	return undefined;
}

/** Whether an address can have a zone: link-local unicast (fe80::/10) and multicast (ff00::/8), RFC 4007 section 6. */
export function takesZone(value: bigint): boolean {
	return value >> 118n === 0x3fan || value >> 120n === 0xffn;
}

function printV4(value: number): string {
	return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function readV4(text: string): IpReading {
	const bad = v4Fault(text);
	if (bad) return bad;
	return { ok: true, af: IP4, value: BigInt(quadValue(text)), zone: null };
}

/** The value of a dotted quad that has no fault. */
function quadValue(text: string): number {
	return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The first fault of a dotted quad, if it has one. */
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
	const [head = "", tail] = address.split("::");
	const [before, after] = [groupsOf(head), groupsOf(tail ?? "")];
	const missing = 8 - before.length - after.length;
	// "::" stands for one group or more: RFC 4291 section 2.2.
	if (tail === undefined ? missing !== 0 : missing < 1) return fault(address.length, "not eight groups");
	const groups = [...before, ...Array<number>(missing).fill(0), ...after];
	const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
	if (percent < 0) return { ok: true, af: IP6, value, zone: null };
	const zone = text.slice(percent + 1);
	const badZone = zoneFault(zone, value);
	if (badZone) return fault(percent + badZone.position, badZone.reason);
	return { ok: true, af: IP6, value, zone };
}

/** The 16-bit groups of one side of "::". A dotted quad at its end makes two. */
function groupsOf(text: string): readonly number[] {
	if (text === "") return [];
	return text.split(":").flatMap((part) => {
		if (!part.includes(".")) return [Number.parseInt(part, 16)];
		const quad = quadValue(part);
		return [quad >>> 16, quad & 0xffff];
	});
}

/** The first fault of the groups of an IPv6 text, except for their number. */
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
			if (v4) return fault(start + v4.position, v4.reason);
			// The quad was the end.
			break;
		} else if (!isHex(char)) return fault(i, "not a character of an IP address");
		else if (i - start >= 4) return fault(i, "a group of more than four digits");
	}
	if (text.startsWith(":") && !text.startsWith("::")) return fault(0, "a single colon at the start");
	if (text.endsWith(":") && !text.endsWith("::")) return fault(text.length - 1, "a single colon at the end");
	return undefined;
}

function isHex(char: number): boolean {
	return (char >= 0x30 && char <= 0x39) || (char >= 0x41 && char <= 0x46) || (char >= 0x61 && char <= 0x66);
}
