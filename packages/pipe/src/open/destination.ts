import { isIP } from "node:net";
import { parseTarget } from "@p2pd/address";
import type { Endpoint } from "@p2pd/net";
import { checkPort } from "../check.js";
import { PipeDestinationError, PipeOptionError } from "../errors.js";
import { canonicalIp } from "../peer.js";
import type { PipeAddress, PipeDestination } from "./types.js";

/** A destination as far as it is known without a lookup. */
export interface Target {
	/** The host as the caller gave it, which TLS verifies. */
	readonly host: string;
	readonly port: number;
	/** Its addresses, best first; null if the host is a name yet to be resolved. */
	readonly endpoints: readonly Endpoint[] | null;
}

/**
 * Reads a destination in any of its forms.
 *
 * @throws PipeOptionError if it has none of these forms, PipeDestinationError for port 0
 */
export function readDestination(dest: PipeDestination): Target {
	const target = read(dest);
	for (const { port } of [target, ...(target.endpoints ?? [])]) {
		checkPort(port, "dest", 0);
		if (port === 0) throw new PipeDestinationError("port 0 is not a destination");
	}
	return target;
}

function read(dest: PipeDestination): Target {
	if (typeof dest === "string") return readText(dest);
	if (isPair(dest)) return literalOrName(dest[0], dest[1]);
	if (isAddress(dest)) return { host: dest.host, port: dest.port, endpoints: resolvedEndpoints(dest) };
	if (isEndpoint(dest)) return literalOrName(dest.ip, dest.port);
	throw new PipeOptionError("dest", "must be an Address, { ip, port }, [host, port], or host:port");
}

function readText(dest: string): Target {
	try {
		const { host, port } = parseTarget(dest);
		if (port !== null) return literalOrName(host, port);
	} catch (cause) {
		throw new PipeOptionError("dest", (cause as Error).message, { cause });
	}
	throw new PipeOptionError("dest", `has no port: ${JSON.stringify(dest.slice(0, 80))}`);
}

function literalOrName(host: unknown, port: number): Target {
	if (typeof host !== "string" || host === "") throw new PipeOptionError("dest", "has no host");
	if (isIP(host) === 0) return { host, port, endpoints: null };
	const ip = canonicalIp(host);
	return { host, port, endpoints: [{ ip: LOOPBACK[ip] ?? ip, port }] };
}

/** The any-address as a destination means this host. */
const LOOPBACK: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** The endpoints of a resolved address; null for one that is a name yet to be resolved. */
function resolvedEndpoints(address: PipeAddress): readonly Endpoint[] | null {
	let endpoints: unknown;
	try {
		endpoints = address.endpoints();
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ERR_ADDRESS_UNRESOLVED") return null;
		throw error;
	}
	if (Array.isArray(endpoints) && endpoints.every((one) => isEndpoint(one) && isIP(one.ip) !== 0)) {
		return endpoints as readonly Endpoint[];
	}
	throw new PipeOptionError("dest", "its endpoints() must return an array of { ip, port }");
}

function isAddress(dest: unknown): dest is PipeAddress {
	return (
		typeof dest === "object" &&
		dest !== null &&
		"endpoints" in dest &&
		typeof dest.endpoints === "function" &&
		"host" in dest &&
		typeof dest.host === "string"
	);
}

function isEndpoint(dest: unknown): dest is Endpoint {
	return typeof dest === "object" && dest !== null && "ip" in dest && typeof dest.ip === "string";
}

function isPair(dest: unknown): dest is readonly [host: string, port: number] {
	return Array.isArray(dest) && dest.length === 2;
}
