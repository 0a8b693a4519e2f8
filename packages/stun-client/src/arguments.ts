import { isIp } from "@p2pd/address";
import {
	type ArgumentProblem,
	type Check,
	type Fields,
	is,
	type ObjectRules,
	objectProblem,
} from "@p2pd/net";
import { StunConfigError } from "./errors.js";

function refuse(found: ArgumentProblem | null): void {
	if (found !== null) throw new StunConfigError(`${found.path} ${found.message}`, { argument: found.path });
}

/** @throws {StunConfigError} ERR_STUN_CONFIG, naming the option, for an unknown option or a wrong value */
export function checkOptions(value: unknown, fields: Fields, rules?: ObjectRules): void {
	refuse(objectProblem(value, "", fields, rules));
}

/** @throws {StunConfigError} ERR_STUN_CONFIG, naming the argument, if the value fails the check */
export function checkArgument(value: unknown, path: string, check: Check): void {
	refuse(check(value, path));
}

/** @throws {StunConfigError} ERR_STUN_CONFIG unless `ms` is a time in ms from 0 to the longest timer */
export function checkTime(name: string, ms: number): number {
	checkArgument(ms, name, is.timeout);
	return ms;
}

const hasFunctions =
	(...names: readonly string[]) =>
	(value: unknown): boolean => {
		if (typeof value !== "object" || value === null) return false;
		return names.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
	};

/** Whether a value is a clock. */
export const isClock: Check = is.a(
	"a clock: now(), setTimeout() and clearTimeout()",
	hasFunctions("now", "setTimeout", "clearTimeout"),
);

/** Whether a value is a bound UDP socket, as far as its methods tell. */
export const isUdpSocket: Check = is.a("a bound UDP socket", hasFunctions("send", "address", "on", "off"));

/** Whether a value makes UDP sockets: a whole socket factory, or its UDP part. */
export const isUdpFactory: Check = is.a(
	"a socket factory with af and udp()",
	(value) => hasFunctions("udp")(value) && is.family((value as { af?: unknown }).af, "") === null,
);

/** Whether a value makes connections: a whole socket factory, or its stream part. */
const isStreamFactory: Check = is.a(
	"a socket factory with af and connect()",
	(value) => hasFunctions("connect")(value) && is.family((value as { af?: unknown }).af, "") === null,
);

/** The fields that all deps have in common. */
export const COMMON_DEPS: Fields = { clock: isClock, random: is.function };

/** An attribute to write, as far as its fields tell; the encoder checks the value. */
export const isAttribute: Check = is.either(
	"an attribute: { name, value }, { type, value }, or made by AttributeKind.of()",
	is.shape({ name: is.text, value: is.anything }, { required: ["name", "value"] }),
	is.shape({ type: is.whole(0, 0xffff), value: is.bytes }, { required: ["type", "value"] }),
	is.shape({ type: is.whole(0, 0xffff), encode: is.function }, { required: ["type", "encode"] }),
);

/** An endpoint that can be sent to. Further fields are accepted: a whole mapping or server may be passed. */
export const isRemoteEndpoint: Check = is.shape(
	{ ip: is.a("an IP address", (value) => typeof value === "string" && isIp(value)), port: is.remotePort },
	{ required: ["ip", "port"], open: true },
);

/** The fields of `StunRequestOptions`. */
export const REQUEST_FIELDS: Fields = {
	to: isRemoteEndpoint,
	expectFrom: is.either(
		'an endpoint, an array of endpoints or "any"',
		is.oneOf("any"),
		isRemoteEndpoint,
		is.listOf(isRemoteEndpoint),
	),
	method: is.whole(0, 0xfff),
	changeIp: is.boolean,
	changePort: is.boolean,
	attributes: is.listOf(isAttribute),
	understands: is.listOf(is.object),
	classic: is.boolean,
	integrity: is.shape(
		{ key: is.bytes, algorithm: is.oneOf("sha1", "sha256", "both") },
		{ required: ["key"] },
	),
	fingerprint: is.boolean,
	schedule: is.listOf(is.timeout),
	giveUpAfter: is.timeout,
	rtt: is.timeout,
	accept: is.function,
	signal: is.signal,
};

/** The fields of `StunCredentials`. */
export const CREDENTIALS_FIELDS: Fields = { username: is.text, password: is.text };

/** Where a client gets its socket from. */
export const isSockets: Check = is.either(
	"a socket factory with af and udp() or connect(), or a bound UDP socket",
	isUdpSocket,
	isUdpFactory,
	isStreamFactory,
);

/** A host name (RFC 1123, and the underscore that some use). */
export const HOST_NAME =
	/^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

const SPEC_FIELDS = {
	host: is.a(
		"a host name or an IP address",
		(value) => typeof value === "string" && (isIp(value) || HOST_NAME.test(value)),
	),
	port: is.remotePort,
	transport: is.oneOf("udp", "tls"),
	families: is.listOf(is.family),
	features: is.listOf(is.oneOf("rfc5780", "rfc3489")),
	operator: is.text,
	verifiedAt: is.nullOr(is.text),
};

/** A server as it is configured: a `StunServerSpec`. */
export const isSpec: Check = is.shape(SPEC_FIELDS, { required: ["host", "port"] });
