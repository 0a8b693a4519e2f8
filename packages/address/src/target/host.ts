import { domainToASCII } from "node:url";
import type { Family } from "@p2pd/net";
import { type Fault, fault, printIp, readIp } from "../ip/text.js";

/** A host taken apart. */
export interface HostReading {
	readonly ok: true;
	/** A name in ASCII, or an IP in canonical text with its zone. */
	readonly host: string;
	readonly af?: Family;
	readonly zone?: string;
}

/** RFC 1035 section 2.3.4, without the root's dot. */
const NAME_LONGEST = 253;
const LABEL_LONGEST = 63;
/** The longest name before its conversion to ASCII, which only makes it longer: a character has 4 bytes at most. */
const INPUT_LONGEST = 4 * NAME_LONGEST;

/** Reads a host without a port: an IP or a name. */
export function readHost(text: string): HostReading | Fault {
	if (text === "") return fault(0, "expected a host");
	if (text.includes(":")) return readIpHost(text);
	if (/^[\d.]+$/.test(text)) return readIpHost(text);
	return readName(text);
}

/** Reads an IP as a host. */
export function readIpHost(text: string): HostReading | Fault {
	const reading = readIp(text);
	if (!reading.ok) return reading;
	const { af, value, zone } = reading;
	const ip = printIp(value, af);
	return zone === null ? { ok: true, host: ip, af } : { ok: true, host: `${ip}%${zone}`, af, zone };
}

/** Whether a name means this machine by definition: RFC 6761 section 6.3. */
export function isLocalhost(host: string): boolean {
	return /(^|\.)localhost\.?$/i.test(host);
}

/**
 * Reads a name: labels of letters, digits, hyphens and underscores (as in SRV names and on local networks). A dot at
 * the end is kept. Other scripts are converted to their ASCII form (RFC 5890). A name whose last label is a number is
 * refused, because getaddrinfo reads `127.1`, `0x7f.1` and `2130706433` as IPv4 addresses.
 */
function readName(text: string): HostReading | Fault {
	if (text.length > INPUT_LONGEST) return fault(INPUT_LONGEST, "too long for a name");
	const ascii = isAscii(text) ? text : domainToASCII(text);
	if (ascii === "") return fault(firstNonAscii(text), "not a character of a name");
	const bad = nameFault(ascii);
	if (!bad) return { ok: true, host: ascii };
	// A position in the ASCII form says nothing about the text that was given.
	return ascii === text ? bad : fault(0, bad.reason);
}

function nameFault(name: string): Fault | undefined {
	const end = name.endsWith(".") ? name.length - 1 : name.length;
	if (end > NAME_LONGEST) return fault(NAME_LONGEST, "too long for a name");
	let start = 0;
	for (let i = 0; i <= end; i++) {
		if (i < end && name.charAt(i) !== ".") {
			if (!/[a-z0-9_-]/i.test(name.charAt(i))) return fault(i, "not a character of a name");
			if (i - start >= LABEL_LONGEST) return fault(i, "a label of more than 63 characters");
			continue;
		}
		if (i === start) return fault(i, "an empty label");
		if (name.charAt(start) === "-") return fault(start, "a hyphen at the start of a label");
		if (name.charAt(i - 1) === "-") return fault(i - 1, "a hyphen at the end of a label");
		if (i < end) start = i + 1;
	}
	const last = name.slice(start, end);
	if (/^(\d+|0x[0-9a-f]*)$/i.test(last)) return fault(start, "a name that ends in a number");
	return undefined;
}

function isAscii(text: string): boolean {
	return firstNonAscii(text) === text.length;
}

/** The index of the first character outside ASCII, or the length. */
function firstNonAscii(text: string): number {
	for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return i;
	return text.length;
}
