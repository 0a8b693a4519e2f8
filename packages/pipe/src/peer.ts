import { isIP } from "node:net";
import { canonicalIp as canonical } from "@p2pd/address";
import { PipeDestinationError, PipeOptionError } from "./errors.js";
import type { Peer } from "./types.js";

/**
 * An `[ip, port]` pair in its one spelling: canonical IP text, and a port of 1 to 65535 (or 0 where it means any).
 *
 * @throws PipeOptionError if it is not one
 */
export function parsePeer(peer: Peer, option: string, anyPort = false): Peer {
	if (!Array.isArray(peer) || typeof peer[0] !== "string" || isIP(peer[0]) === 0) {
		throw new PipeOptionError(option, `not a pair of an IP address and a port: ${String(peer)}`);
	}
	checkPort(peer[1], option, anyPort ? 0 : 1);
	return [canonicalIp(peer[0]), peer[1]];
}

/** @throws PipeOptionError if `port` is not a whole number of `least` to 65535 */
export function checkPort(port: unknown, option: string, least: 0 | 1): asserts port is number {
	if (!Number.isInteger(port) || (port as number) < least || (port as number) > 65535) {
		throw new PipeOptionError(option, `not a port of ${least} to 65535: ${String(port)}`);
	}
}

/** The one spelling of an IP literal (RFC 5952), its zone kept. */
export function canonicalIp(ip: string): string {
	// IPv4 literals that Node takes have one spelling.
	return isIP(ip) === 4 ? ip : canonical(ip);
}

/** A link-local address without a zone gets the NIC's: without one the kernel cannot know the link. */
export function withZone(ip: string, nic: { readonly name: string } | null): string {
	if (!/^fe[89ab]|^ff.2:/i.test(ip) || ip.includes("%") || !ip.includes(":")) return ip;
	if (nic === null) {
		throw new PipeDestinationError(`${ip} is link-local: give its zone (${ip}%eth0) or a route on a NIC`);
	}
	return `${ip}%${nic.name}`;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function peerText([ip, port]: Peer): string {
	return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
