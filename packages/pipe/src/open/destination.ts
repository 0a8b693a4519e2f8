import { isIP } from "node:net";
import { parseTarget } from "@p2pd/address";
import { PipeDestinationError, PipeOptionError } from "../errors.js";
import { canonicalIp, checkPort } from "../peer.js";
import type { Destination, PipeAddress, PipeEndpoint } from "../types.js";

/** A destination as far as it is known without a lookup. */
export interface Target {
	/** The host that was asked for, which TLS verifies. */
	readonly host: string;
	readonly port: number;
	/** Its addresses, best first; null if the host is a name yet to resolve. */
	readonly endpoints: readonly PipeEndpoint[] | null;
}

/**
 * Reads a destination in any of its forms.
 *
 * @throws PipeOptionError if it is none, PipeDestinationError for port 0
 */
export function readDestination(dest: Destination): Target {
	const target = read(dest);
	checkPort(target.port, "dest", 0);
	if (target.port === 0) throw new PipeDestinationError("nothing listens on port 0");
	return target;
}

function read(dest: Destination): Target {
	if (isAddress(dest)) return { host: dest.host, port: dest.port, endpoints: resolvedEndpoints(dest) };
	if (isEndpoint(dest)) return literalOrName(dest.ip, dest.port);
	if (isPair(dest)) return literalOrName(...dest);
	if (typeof dest !== "string")
		throw new PipeOptionError("dest", "neither an address, [host, port], nor host:port");
	try {
		const { host, port } = parseTarget(dest);
		if (port !== null) return literalOrName(host, port);
	} catch (cause) {
		throw new PipeOptionError("dest", (cause as Error).message, { cause });
	}
	throw new PipeOptionError("dest", `no port in ${dest}`);
}

function literalOrName(host: string, port: number): Target {
	if (typeof host !== "string" || host === "") throw new PipeOptionError("dest", "no host");
	if (isIP(host) === 0) return { host, port, endpoints: null };
	const ip = canonicalIp(host);
	return { host, port, endpoints: [{ ip: LOOPBACK[ip] ?? ip, port }] };
}

/** An any-address as a destination is the own host. */
const LOOPBACK: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** An address that was not resolved yet is a name to resolve. */
function resolvedEndpoints(address: PipeAddress): readonly PipeEndpoint[] | null {
	try {
		return address.endpoints();
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ERR_ADDRESS_UNRESOLVED") return null;
		throw error;
	}
}

function isAddress(dest: Destination): dest is PipeAddress {
	return typeof dest === "object" && "endpoints" in dest;
}

function isEndpoint(dest: Destination): dest is PipeEndpoint {
	return typeof dest === "object" && "ip" in dest;
}

function isPair(dest: Destination): dest is readonly [host: string, port: number] {
	return Array.isArray(dest);
}
