import { isIP } from "node:net";
import { canonicalIp as canonical } from "@p2pd/address";
import { endpointText, type NicRef, printable } from "@p2pd/net";
import { checkPort } from "./check.js";
import { PipeDestinationError, PipeOptionError } from "./errors.js";
import type { PipePeer } from "./types.js";

/**
 * An `[ip, port]` pair in canonical form: canonical IP text, and a port from 1 to 65535 (or 0 where it means any).
 *
 * @throws PipeOptionError if it is not such a pair
 */
export function parsePeer(peer: unknown, option: string, anyPort = false): PipePeer {
	const [ip, port] = Array.isArray(peer) && peer.length === 2 ? (peer as readonly unknown[]) : [];
	if (typeof ip !== "string" || isIP(ip) === 0) {
		throw new PipeOptionError(option, "must be a pair of an IP address and a port: [ip, port]");
	}
	checkPort(port, option, anyPort ? 0 : 1);
	return [canonicalIp(ip), port];
}

/** The canonical text of an IP literal (RFC 5952), with its zone. */
export function canonicalIp(ip: string): string {
	// An IPv4 literal that Node accepts has only one spelling.
	return isIP(ip) === 4 ? ip : canonical(ip);
}

/** Adds the NIC as the zone of a link-local address that has none: without a zone the kernel cannot know the link. */
export function withZone(ip: string, nic: Pick<NicRef, "name"> | null): string {
	if (!ip.includes(":") || ip.includes("%") || !/^fe[89ab]|^ff.2:/i.test(ip)) return ip;
	if (nic === null) {
		throw new PipeDestinationError(`${ip} is link-local: add its zone (${ip}%eth0) or give a route on a NIC`);
	}
	return `${ip}%${nic.name}`;
}

/** The family of an IP literal. */
export function familyOf(ip: string): 4 | 6 {
	return ip.includes(":") ? 6 : 4;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function peerText([ip, port]: PipePeer): string {
	return printable(endpointText({ ip, port }));
}
