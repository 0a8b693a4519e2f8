import { type Endpoint, endpointText, printable } from "@p2pd/net";

/*
 * StunError                     the root; `code` is stable
 * +- StunConfigError            ERR_STUN_CONFIG     an invalid argument, option or server
 * +- StunEncodeError            ERR_STUN_ENCODE     a message that has no wire form
 * +- StunDecodeError            ERR_STUN_DECODE     bytes that are not a STUN message; says where
 * +- StunTimeoutError           ERR_STUN_TIMEOUT    no answer in time
 * +- StunNetworkError           ERR_STUN_NETWORK    the network refused: ICMP, no route, reset
 * +- StunResponseError          ERR_STUN_RESPONSE   the server answered with an error
 * +- StunIntegrityError         ERR_STUN_INTEGRITY  all answers failed their integrity check
 * +- StunAnswerError            ERR_STUN_ANSWER     an answer without a plausible address
 * +- StunClosedError            ERR_STUN_CLOSED     the socket or client was closed meanwhile
 */

/** The root of the errors of this package. */
export abstract class StunError extends Error {
	/** Stable across versions, for programs to test. */
	abstract readonly code: string;
}

/** An argument or option of a wrong type or value, or a server or list of servers that cannot be used. */
export class StunConfigError extends StunError {
	override readonly name = "StunConfigError";
	readonly code = "ERR_STUN_CONFIG";
	/** The argument or option that is wrong, such as `timeout` or `servers[2].port`; null if it is not about one. */
	readonly argument: string | null;

	constructor(
		message: string,
		{ argument = null, ...options }: ErrorOptions & { readonly argument?: string | null } = {},
	) {
		super(message, options);
		this.argument = argument;
	}
}

/** A message that cannot be written, for instance because a value is out of range. */
export class StunEncodeError extends StunError {
	override readonly name = "StunEncodeError";
	readonly code = "ERR_STUN_ENCODE";
}

/** The part of a message that is wrong. */
export type DecodePlace = "header" | "attribute-header" | "attribute-value" | "fingerprint" | "trailer";

/** Bytes that are not a well-formed STUN message (RFC 8489 section 6.3). */
export class StunDecodeError extends StunError {
	override readonly name = "StunDecodeError";
	readonly code = "ERR_STUN_DECODE";
	/** The part of the message that is wrong. */
	readonly place: DecodePlace;
	/** Bytes from the start of the message. */
	readonly offset: number;
	/** The type of the attribute that is wrong, if it is an attribute. */
	readonly attributeType: number | undefined;

	constructor(place: DecodePlace, offset: number, problem: string, attributeType?: number) {
		const attribute = attributeType === undefined ? "" : ` 0x${attributeType.toString(16).padStart(4, "0")}`;
		super(`${place}${attribute} at byte ${offset}: ${problem}`);
		this.place = place;
		this.offset = offset;
		this.attributeType = attributeType;
	}
}

/** No valid answer arrived before the time-out. */
export class StunTimeoutError extends StunError {
	override readonly name = "StunTimeoutError";
	readonly code = "ERR_STUN_TIMEOUT";
	readonly server: Endpoint;
	/** How often the request was sent. */
	readonly sends: number;
	/** Milliseconds waited. */
	readonly waited: number;

	constructor(server: Endpoint, sends: number, waited: number) {
		super(`no answer from ${endpointText(server)} to ${sends} requests in ${Math.round(waited)} ms`);
		this.server = server;
		this.sends = sends;
		this.waited = waited;
	}
}

/** The system's code for what went wrong, as Node's errors carry it. */
export function errnoOf(error: Error): string {
	return "code" in error && typeof error.code === "string" ? error.code : "EIO";
}

/** The network refused the request, or the connection broke. */
export class StunNetworkError extends StunError {
	override readonly name = "StunNetworkError";
	readonly code = "ERR_STUN_NETWORK";
	readonly server: Endpoint;
	/** The system's code: "ECONNREFUSED" is an ICMP port unreachable or a TCP reset. */
	readonly errno: string;

	constructor(server: Endpoint, errno: string, cause?: unknown) {
		super(`${errno} on the way to ${endpointText(server)}`, cause === undefined ? {} : { cause });
		this.server = server;
		this.errno = errno;
	}
}

/** The server answered with an error response (RFC 8489 section 14.8). */
export class StunResponseError extends StunError {
	override readonly name = "StunResponseError";
	readonly code = "ERR_STUN_RESPONSE";
	readonly server: Endpoint;
	/** 300 to 699. */
	readonly status: number;
	/** The reason phrase, as the server wrote it: pass it through `printable` before you print it. */
	readonly reason: string;
	/** With status 420: the attribute types that the server does not know. */
	readonly unknownAttributes: readonly number[];
	/** With status 300: where the server redirects its clients. */
	readonly alternateServer: Endpoint | undefined;

	constructor(
		server: Endpoint,
		response: {
			readonly status: number;
			readonly reason: string;
			readonly unknownAttributes?: readonly number[];
			readonly alternateServer?: Endpoint | undefined;
		},
	) {
		super(`${endpointText(server)} answered ${response.status} "${printable(response.reason)}"`);
		this.server = server;
		this.status = response.status;
		this.reason = response.reason;
		this.unknownAttributes = response.unknownAttributes ?? [];
		this.alternateServer = response.alternateServer;
	}
}

/** All answers failed their integrity check: the credentials differ, or someone on the path changes messages. */
export class StunIntegrityError extends StunError {
	override readonly name = "StunIntegrityError";
	readonly code = "ERR_STUN_INTEGRITY";
	readonly server: Endpoint;

	constructor(server: Endpoint, problem: string) {
		super(`${endpointText(server)} ${problem}`);
		this.server = server;
	}
}

/** The server answered without an address, or with one that cannot be right. */
export class StunAnswerError extends StunError {
	override readonly name = "StunAnswerError";
	readonly code = "ERR_STUN_ANSWER";
	readonly server: Endpoint;

	constructor(server: Endpoint, problem: string) {
		super(`${endpointText(server)} ${problem}`);
		this.server = server;
	}
}

/** The socket or the client was closed during the request, or before it. */
export class StunClosedError extends StunError {
	override readonly name = "StunClosedError";
	readonly code = "ERR_STUN_CLOSED";

	constructor(what: string) {
		super(`${what} is closed`);
	}
}
