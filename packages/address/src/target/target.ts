import { type Family, type Fields, is } from "@p2pd/net";
import { requireArgument, requireOptions } from "../arguments.js";
import { AddressArgumentError, AddressSyntaxError, AddressValueError } from "../errors.js";
import { type Fault, fault } from "../ip/text.js";
import { type HostReading, readHost, readIpHost } from "./host.js";

/** A destination taken apart. */
export interface Target {
	/** A name in ASCII, or an IP in canonical text with its zone. */
	readonly host: string;
	/** 0 to 65535; null if neither the input nor the options have one. */
	readonly port: number | null;
	/** The family, if the host is an IP. */
	readonly af?: Family;
	/** The zone, if the host is an IP with a zone. `host` includes it. */
	readonly zone?: string;
}

/** A target whose port is known. */
export interface TargetWithPort extends Target {
	readonly port: number;
}

/** What {@link parseTarget} accepts: text, `[host, port]`, or an object with `host` or `ip`, and `port`. */
export type TargetInput =
	| string
	| URL
	| readonly [host: string, port?: number | null]
	| { readonly host: string; readonly port?: number | null }
	| { readonly ip: string; readonly port?: number | null };

/** Options of {@link parseTarget}. */
export interface TargetOptions {
	/** The port if the input has none. The default port of a URL's scheme comes first. @default none */
	readonly defaultPort?: number;
}

type Split = { ok: true; host: HostReading; port: number | null } | Fault;

/**
 * Reads a destination: `host:port`, `1.2.3.4:80`, `[v6]:port`, `[fe80::1%eth0]:port`, a bare IP or name, a URL (its
 * port, or that of its scheme), `[host, port]` or an object. IPs are returned in canonical text.
 *
 * @throws AddressSyntaxError with the position of the fault (`ERR_ADDRESS_SYNTAX`), AddressValueError for a port that
 * is not an integer from 0 to 65535 (`ERR_ADDRESS_VALUE`), AddressArgumentError for another kind of input
 * (`ERR_ADDRESS_ARGUMENT`)
 */
export function parseTarget(
	input: TargetInput,
	options: TargetOptions & { readonly defaultPort: number },
): TargetWithPort;
export function parseTarget(input: TargetInput, options?: TargetOptions): Target;
export function parseTarget(input: TargetInput, options: TargetOptions = NO_OPTIONS): Target {
	if (options !== NO_OPTIONS) requireOptions(options, "options", TARGET_OPTIONS);
	if (typeof input === "string" || input instanceof URL) return parseText(String(input), options);
	const [host, port] = partsOf(input);
	const reading = readHost(stripBrackets(host));
	if (!reading.ok) throw new AddressSyntaxError(host, reading.position, reading.reason);
	return target(reading, port === undefined || port === null ? null : checkPort(port), options);
}

/** Returns a valid port unchanged. Throws AddressValueError for another number, AddressArgumentError for anything else. */
export function checkPort(port: number): number {
	if (typeof port !== "number") requireArgument(port, "port", is.port);
	if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
	throw new AddressValueError(String(port), "a port is an integer from 0 to 65535");
}

const TARGET_OPTIONS: Fields = { defaultPort: is.port };
const NO_OPTIONS: TargetOptions = {};

/** The host and port of an input that is not text. */
function partsOf(input: Exclude<TargetInput, string | URL>): readonly [string, (number | null | undefined)?] {
	if (typeof input === "object" && input !== null) {
		const parts = isPair(input) ? input : ([hostOf(input), input.port] as const);
		if (typeof parts[0] === "string") return parts;
	}
	throw new AddressArgumentError({
		path: "input",
		message: "must be text, a URL, [host, port], or an object with host or ip",
	});
}

function hostOf(input: Exclude<TargetInput, string | URL | readonly unknown[]>): string {
	return "host" in input ? input.host : input.ip;
}

function isPair(input: Exclude<TargetInput, string | URL>): input is readonly [string, (number | null)?] {
	return Array.isArray(input);
}

function parseText(text: string, options: TargetOptions): Target {
	const split = text.includes("//") ? readUrl(text) : readAuthority(text, 0, text.length);
	if (!split.ok) throw new AddressSyntaxError(text, split.position, split.reason);
	return target(split.host, split.port, options);
}

function target(reading: HostReading, port: number | null, options: TargetOptions): Target {
	const { ok: _, ...host } = reading;
	return { ...host, port: port ?? options.defaultPort ?? null };
}

/** In a pair, the host may have the brackets of `[v6]`. */
function stripBrackets(host: string): string {
	return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/** `scheme://[user@]host[:port][/...]`. The parts before and after the host are ignored. */
function readUrl(text: string): Split {
	const scheme = /^([a-z][a-z0-9+.-]{0,30}):\/\//i.exec(text)?.[1];
	if (scheme === undefined) return fault(0, "expected a scheme before ://");
	const start = scheme.length + "://".length;
	const rest = text.slice(start).search(/[/?#\\]/);
	const end = rest < 0 ? text.length : start + rest;
	const split = readAuthority(text, text.lastIndexOf("@", end - 1) + 1 || start, end, true);
	if (!split.ok || split.port !== null) return split;
	return { ...split, port: portOfScheme(scheme.toLowerCase()) ?? null };
}

/** `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address, from `start` up to `end`. */
function readAuthority(text: string, start: number, end: number, inUrl = false): Split {
	const part = text.slice(start, end);
	const close = part.startsWith("[") ? part.indexOf("]") : 0;
	if (close < 0) return fault(end, "expected ]");
	const colon = part.indexOf(":", close);
	const isBareV6 = close === 0 && colon >= 0 && part.indexOf(":", colon + 1) >= 0;
	const hostEnd = colon < 0 || isBareV6 ? part.length : colon;
	const host = close > 0 ? readBracketed(part.slice(1, close), inUrl) : readHost(part.slice(0, hostEnd));
	if (!host.ok) return fault(start + (close > 0 ? 1 : 0) + host.position, host.reason);
	if (close > 0 && host.af !== 6) return fault(start + 1, "brackets around a host that is not IPv6");
	if (close > 0 && close + 1 !== hostEnd) return fault(start + close + 1, "expected : after ]");
	if (hostEnd === part.length) return { ok: true, host, port: null };
	return readPort(text, start + hostEnd + 1, end, host);
}

/** The address in brackets. In a URL the percent sign before a zone is written %25 (RFC 6874 section 2). */
function readBracketed(text: string, inUrl: boolean): HostReading | Fault {
	const percent = text.indexOf("%");
	const isEscaped = inUrl && percent >= 0 && text.startsWith("%25", percent) && text.length > percent + 3;
	if (!isEscaped) return readIpHost(text);
	const host = readIpHost(`${text.slice(0, percent)}%${text.slice(percent + 3)}`);
	return host.ok || host.position <= percent ? host : fault(host.position + 2, host.reason);
}

function readPort(text: string, start: number, end: number, host: HostReading): Split {
	if (start === end) return fault(start, "expected a port");
	let port = 0;
	for (let i = start; i < end; i++) {
		const digit = text.charCodeAt(i) - 0x30;
		if (!(digit >= 0 && digit <= 9)) return fault(i, "not a digit of a port");
		if (i > start && port === 0) return fault(start, "a leading zero");
		port = port * 10 + digit;
		if (port > 65535) return fault(i, "a port above 65535");
	}
	return { ok: true, host, port };
}

/**
 * The default ports of URL schemes, from the IANA Service Name and Transport Protocol Port Number Registry and the
 * scheme's own RFC.
 */
const SCHEME_PORTS: ReadonlyMap<string, number> = new Map([
	["http", 80],
	["https", 443],
	["ws", 80],
	["wss", 443],
	["ftp", 21],
	["ssh", 22],
	["telnet", 23],
	["dns", 53],
	["coap", 5683],
	["coaps", 5684],
	["stun", 3478],
	["stuns", 5349],
	["turn", 3478],
	["turns", 5349],
	["sip", 5060],
	["sips", 5061],
	["mqtt", 1883],
	["mqtts", 8883],
	["ldap", 389],
	["ldaps", 636],
	["redis", 6379],
	["postgres", 5432],
	["postgresql", 5432],
]);

/** The default port of a scheme (`https` -> 443), or undefined if it is not known. Lower case, without the colon. */
function portOfScheme(scheme: string): number | undefined {
	return SCHEME_PORTS.get(scheme);
}
