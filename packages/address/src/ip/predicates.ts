import type { Family } from "../types.js";
import { classifyIp } from "./classify.js";
import { IpAddress } from "./ip-address.js";
import { readIp } from "./read-ip.js";

/** Whether a text is an address by the strict rules, and of which family: 4, 6, or 0 for none. */
export function ipVersion(text: string): Family | 0 {
	const reading = readIp(text);
	return reading.ok ? reading.af : 0;
}

/** Whether a text is an IPv4 or IPv6 address by the strict rules of `IpAddress.parse`. */
export function isIp(text: string): boolean {
	return readIp(text).ok;
}

/** Whether a text is a globally routable unicast address. False for a text that is no address. */
export function isPublicIp(text: string): boolean {
	return classifyIp(text) === "public";
}

/**
 * The canonical text of an address (RFC 5952), so that equal addresses are equal strings.
 * @throws AddressSyntaxError if the text is no address (`ERR_ADDRESS_SYNTAX`).
 */
export function canonicalIp(text: string): string {
	return IpAddress.parse(text).toString();
}
