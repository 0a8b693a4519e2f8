import { IpAddress } from "@p2pd/address";
import type { Family } from "@p2pd/net";
import { SSDP_GROUP, SSDP_PORT } from "../defaults.js";
import { PortMapDecodeError } from "../errors.js";

/** The device and service types that a router with port mapping has, newest first. */
export const SEARCH_TARGETS = [
	"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
	"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
] as const;

/**
 * Writes a search for gateways (UPnP Device Architecture 1.1 section 1.3.2).
 *
 * @param host the multicast group, or the gateway itself for a unicast search, which it answers at once
 */
export function encodeSearch(target: string, host: string): Uint8Array {
	const at = host.includes(":") ? `[${host}]` : host;
	return Buffer.from(
		[
			"M-SEARCH * HTTP/1.1",
			`HOST: ${at}:${SSDP_PORT}`,
			'MAN: "ssdp:discover"',
			"MX: 1",
			`ST: ${target}`,
			"",
			"",
		].join("\r\n"),
	);
}

/** The multicast group of a family. */
export const ssdpGroup = (af: Family): string => SSDP_GROUP[af];

/** What a device answers to a search. */
export interface SearchResponse {
	/** Where its description is. */
	readonly location: string;
	/** The target that it answers for. */
	readonly target: string;
}

/** Longest response that is read: a handful of header lines. */
const MAX_RESPONSE = 4096;

/**
 * Reads the answer to a search.
 *
 * @throws PortMapDecodeError (ERR_PORT_MAP_DECODE) if it is not one
 */
export function decodeSearch(bytes: Uint8Array): SearchResponse {
	if (bytes.length > MAX_RESPONSE)
		throw new PortMapDecodeError("SSDP", `a response of ${bytes.length} bytes`);
	const [status = "", ...lines] = Buffer.from(bytes).toString("latin1").split(/\r?\n/);
	if (!/^HTTP\/1\.[01] 200\b/.test(status)) throw new PortMapDecodeError("SSDP", "not a 200 response");
	const headers = new Map<string, string>();
	for (const line of lines) {
		const colon = line.indexOf(":");
		if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
	}
	const location = headers.get("location");
	if (location === undefined) throw new PortMapDecodeError("SSDP", "no LOCATION");
	return { location, target: headers.get("st") ?? "" };
}

/**
 * A URL that a router gave, if it leads to the gateway itself by plain HTTP; null otherwise. Any other host could be a
 * third party that the router wants attacked, so it is never contacted.
 *
 * @param base what a relative URL is relative to
 */
export function gatewayUrl(text: string, gateway: string, base?: string): URL | null {
	let url: URL;
	try {
		url = new URL(text, base);
	} catch {
		return null;
	}
	if (url.protocol !== "http:" || url.username !== "" || url.password !== "") return null;
	const host = url.hostname.replace(/^\[|\]$/g, "");
	try {
		const [own, theirs] = [IpAddress.parse(gateway), IpAddress.parse(host)];
		return own.af === theirs.af && own.toBigInt() === theirs.toBigInt() ? url : null;
	} catch {
		return null;
	}
}
