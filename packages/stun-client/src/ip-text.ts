import { IpAddress, isIp } from "@p2pd/address";
import type { Family, HostPort } from "./types.js";

/** The canonical text of an IP (RFC 5952), its zone kept; `undefined` when it is no IP. */
export function canonicalIp(text: string): string | undefined {
	return isIp(text) ? IpAddress.parse(text).toString() : undefined;
}

/** The family of an IP that is known to be one. */
export function familyOf(ip: string): Family {
	return ip.includes(":") ? 6 : 4;
}

/** Whether two endpoints are the same, whichever way their IPs are written. */
export function sameEndpoint(a: HostPort, b: HostPort): boolean {
	return a.port === b.port && (a.ip === b.ip || canonicalIp(a.ip) === canonicalIp(b.ip));
}

/** The text of 4 or 16 address bytes. */
export function ipFromBytes(bytes: Uint8Array): string {
	return bytes.length === 4 ? bytes.join(".") : IpAddress.fromBytes(bytes).toString();
}
