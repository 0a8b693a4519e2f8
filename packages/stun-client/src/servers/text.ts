import { canonicalIp, isIp } from "@p2pd/address";
import { type Endpoint, is, printable } from "@p2pd/net";
import { checkArgument, HOST_NAME, isRemoteEndpoint, isSpec } from "../arguments.js";
import { STUN_PORT, STUNS_PORT } from "../defaults.js";
import { StunConfigError } from "../errors.js";
import type { StunServerInput, StunServerSpec } from "./types.js";

/** The environment variable that replaces the default list. */
export const STUN_SERVERS_VARIABLE = "P2PD_STUN_SERVERS";

const PORT = /^[0-9]{1,5}$/;

function splitHostPort(text: string): { host: string; port: string | undefined } {
	const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
	if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] };
	const first = text.indexOf(":");
	// Two colons without brackets are an IPv6 address without a port.
	if (first === -1 || first !== text.lastIndexOf(":")) return { host: text, port: undefined };
	return { host: text.slice(0, first), port: text.slice(first + 1) };
}

const quoted = (text: string): string => JSON.stringify(printable(text.slice(0, 100)));

/**
 * Reads one server: `host`, `host:port`, `[ipv6]:port`, `ipv6`, or a URI of RFC 7064: `stun:host:port`,
 * `stuns:host:port`. Without a port it is 3478, or 5349 for `stuns:`, which is asked over TLS.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG for anything else
 */
export function parseStunServer(text: string): StunServerSpec {
	checkArgument(text, "server", is.text);
	const uri = /^(stuns?):(?:\/\/)?(.*)$/is.exec(text.trim());
	const isTls = uri?.[1]?.toLowerCase() === "stuns";
	const rest = uri?.[2] ?? text.trim();
	const { host, port } = splitHostPort(rest);
	const ip = isIp(host) ? canonicalIp(host) : undefined;
	const isBracketed = rest.startsWith("[");
	const isNumeric = /^[0-9.]+$/.test(host);
	if (ip === undefined && (isBracketed || isNumeric || !HOST_NAME.test(host))) {
		throw new StunConfigError(
			`${quoted(text)} is not a STUN server: expected host, host:port or stun:host:port`,
		);
	}
	if (port !== undefined && (!PORT.test(port) || Number(port) < 1 || Number(port) > 65535)) {
		throw new StunConfigError(`${quoted(text)}: ${quoted(port)} is not a port`);
	}
	return {
		host: ip ?? host.toLowerCase(),
		port: port === undefined ? (isTls ? STUNS_PORT : STUN_PORT) : Number(port),
		...(isTls && { transport: "tls" }),
	};
}

/**
 * Reads a list of servers, separated by commas or white space.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG for an invalid server, or an empty list
 */
export function parseStunServers(text: string): StunServerSpec[] {
	checkArgument(text, "servers", is.text);
	const parts = text.split(/[\s,]+/).filter((part) => part !== "");
	if (parts.length === 0) throw new StunConfigError("the list of STUN servers is empty");
	return parts.map(parseStunServer);
}

/**
 * The servers in the environment variable P2PD_STUN_SERVERS, or undefined if it is not set.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG if the variable is set but is not a list of servers
 */
export function stunServersFromEnv(
	env: Readonly<Record<string, string | undefined>>,
): StunServerSpec[] | undefined {
	checkArgument(env, "env", is.object);
	const text = env[STUN_SERVERS_VARIABLE];
	if (text === undefined || text.trim() === "") return undefined;
	try {
		return parseStunServers(text);
	} catch (error) {
		// The user may not know that the program reads a variable.
		if (error instanceof StunConfigError)
			throw new StunConfigError(`${STUN_SERVERS_VARIABLE}: ${error.message}`, { cause: error });
		throw error;
	}
}

/**
 * A server in any accepted form, as a spec.
 *
 * @param path where the value was found, for the error: `servers[2]`
 * @throws {StunConfigError} ERR_STUN_CONFIG for an invalid server
 */
export function stunServerSpec(input: StunServerInput, path = "server"): StunServerSpec {
	checkArgument(path, "path", is.text);
	if (typeof input === "string") return parseStunServer(input);
	checkArgument(input, path, is.object);
	if ("ip" in input && !("host" in input)) {
		// Further fields are accepted: a StunServer or a mapping may be passed whole.
		checkArgument(input, path, isRemoteEndpoint);
		const { ip, port } = input as Endpoint;
		return { host: canonicalIp(ip), port };
	}
	checkArgument(input, path, isSpec);
	return input as StunServerSpec;
}

/**
 * Servers in any accepted form, as specs.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG for an invalid server, or a value that is not an array
 */
export function stunServerSpecs(inputs: readonly StunServerInput[], path = "servers"): StunServerSpec[] {
	checkArgument(inputs, path, is.listOf(is.anything, { max: 1000 }));
	return inputs.map((input, index) => stunServerSpec(input, `${path}[${index}]`));
}
