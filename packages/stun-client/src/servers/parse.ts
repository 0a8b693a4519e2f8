import { STUN_PORT } from "../defaults.js";
import { StunConfigError } from "../errors.js";
import { canonicalIp } from "../ip-text.js";
import type { StunServerSpec } from "./types.js";

/** The name of the environment variable that replaces the default list. */
export const STUN_SERVERS_VARIABLE = "P2PD_STUN_SERVERS";

const HOST_NAME =
	/^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;
const PORT = /^[0-9]{1,5}$/;

function splitHostPort(text: string): { host: string; port: string | undefined } {
	const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
	if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] };
	const first = text.indexOf(":");
	// Two colons without brackets: an IPv6 address without a port.
	if (first === -1 || first !== text.lastIndexOf(":")) return { host: text, port: undefined };
	return { host: text.slice(0, first), port: text.slice(first + 1) };
}

/**
 * Reads one server: `host`, `host:port`, `[ipv6]:port`, `ipv6`, each also after `stun:`. The port is 3478 if none is given.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG when it is none of these
 */
export function parseStunServer(text: string): StunServerSpec {
	const trimmed = text.trim().replace(/^stun:(\/\/)?/i, "");
	const { host, port } = splitHostPort(trimmed);
	const ip = canonicalIp(host);
	const isBracketed = trimmed.startsWith("[");
	const numeric = /^[0-9.]+$/.test(host);
	if (ip === undefined && (isBracketed || numeric || !HOST_NAME.test(host))) {
		throw new StunConfigError(`${JSON.stringify(text)} is not a STUN server: expected host or host:port`);
	}
	if (port !== undefined && (!PORT.test(port) || Number(port) < 1 || Number(port) > 65535)) {
		throw new StunConfigError(`${JSON.stringify(text)}: ${JSON.stringify(port)} is not a port`);
	}
	return { host: ip ?? host.toLowerCase(), port: port === undefined ? STUN_PORT : Number(port) };
}

/**
 * Reads a list of servers, separated by commas or white space.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG when one of them is none, or there are none
 */
export function parseStunServers(text: string): StunServerSpec[] {
	const parts = text.split(/[\s,]+/).filter((part) => part !== "");
	if (parts.length === 0) throw new StunConfigError("a list of STUN servers without a server");
	return parts.map(parseStunServer);
}

/**
 * The servers that the environment names, or undefined when it names none.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG when the variable is set but is no list of servers
 */
export function stunServersFromEnv(
	env: Readonly<Record<string, string | undefined>>,
): StunServerSpec[] | undefined {
	const text = env[STUN_SERVERS_VARIABLE];
	if (text === undefined || text.trim() === "") return undefined;
	try {
		return parseStunServers(text);
	} catch (error) {
		// Whoever runs the program may not know that it reads a variable.
		if (error instanceof StunConfigError)
			throw new StunConfigError(`${STUN_SERVERS_VARIABLE}: ${error.message}`);
		throw error;
	}
}
