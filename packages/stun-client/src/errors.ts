import type { HostPort } from "./types.js";

/*
 * StunError                     the root; `code` is stable
 * +- StunConfigError            ERR_STUN_CONFIG     an option or a server name that cannot be meant
 * +- StunEncodeError            ERR_STUN_ENCODE     a message that has no wire form
 * +- StunDecodeError            ERR_STUN_DECODE     bytes that are no STUN message; says where
 * +- StunTimeoutError           ERR_STUN_TIMEOUT    nobody answered
 * +- StunNetworkError           ERR_STUN_NETWORK    the network refused: ICMP, no route, reset
 * +- StunResponseError          ERR_STUN_RESPONSE   the server answered with an error
 * +- StunIntegrityError         ERR_STUN_INTEGRITY  only answers whose integrity does not hold
 * +- StunAnswerError            ERR_STUN_ANSWER     an answer without an address that can be believed
 * +- StunClosedError            ERR_STUN_CLOSED     the socket or client was closed meanwhile
 */

/** The root of this package's errors. */
export abstract class StunError extends Error {
	/** Stable across versions, for programs to test. */
	abstract readonly code: string;
}

/** An option, a server name or a list of servers that cannot be meant. */
export class StunConfigError extends StunError {
	override readonly name = "StunConfigError";
	readonly code = "ERR_STUN_CONFIG";
}

/** A message that cannot be written: a value out of range, an attribute the format does not have. */
export class StunEncodeError extends StunError {
	override readonly name = "StunEncodeError";
	readonly code = "ERR_STUN_ENCODE";
}

/** Where a message is wrong. */
export type DecodePlace = "header" | "attribute-header" | "attribute-value" | "fingerprint" | "trailer";

/** Bytes that are not a well-formed STUN message (RFC 8489 section 6.3). */
export class StunDecodeError extends StunError {
	override readonly name = "StunDecodeError";
	readonly code = "ERR_STUN_DECODE";
	/** The part of the message that is wrong. */
	readonly place: DecodePlace;
	/** Where that is, in bytes from the start of the message. */
	readonly offset: number;
	/** The attribute that is wrong, where it is one. */
	readonly attributeType: number | undefined;

	constructor(place: DecodePlace, offset: number, problem: string, attributeType?: number) {
		const attribute = attributeType === undefined ? "" : ` 0x${attributeType.toString(16).padStart(4, "0")}`;
		super(`${place}${attribute} at byte ${offset}: ${problem}`);
		this.place = place;
		this.offset = offset;
		this.attributeType = attributeType;
	}
}

/** No answer that counts came before the request's time was up. */
export class StunTimeoutError extends StunError {
	override readonly name = "StunTimeoutError";
	readonly code = "ERR_STUN_TIMEOUT";
	readonly server: HostPort;
	/** How often the request was sent. */
	readonly sends: number;
	/** Milliseconds waited. */
	readonly waited: number;

	constructor(server: HostPort, sends: number, waited: number) {
		super(`no answer from ${server.ip} port ${server.port} to ${sends} requests in ${Math.round(waited)} ms`);
		this.server = server;
		this.sends = sends;
		this.waited = waited;
	}
}

/** The system's name of what went wrong, as Node's errors carry it in `code`. */
export function errnoOf(error: Error): string {
	return "code" in error && typeof error.code === "string" ? error.code : "EIO";
}

/** The network said that the request cannot arrive, or the connection broke. */
export class StunNetworkError extends StunError {
	override readonly name = "StunNetworkError";
	readonly code = "ERR_STUN_NETWORK";
	readonly server: HostPort;
	/** The system's name for it: "ECONNREFUSED" is an ICMP port unreachable or a TCP reset. */
	readonly errno: string;

	constructor(server: HostPort, errno: string, cause?: unknown) {
		super(`${errno} on the way to ${server.ip} port ${server.port}`, cause === undefined ? {} : { cause });
		this.server = server;
		this.errno = errno;
	}
}

/** The server answered with an error response (RFC 8489 section 14.8). */
export class StunResponseError extends StunError {
	override readonly name = "StunResponseError";
	readonly code = "ERR_STUN_RESPONSE";
	readonly server: HostPort;
	/** 300 to 699. */
	readonly status: number;
	readonly reason: string;
	/** With 420: the attribute types that the server does not know. */
	readonly unknownAttributes: readonly number[];
	/** With 300: where the server sends its clients. */
	readonly alternateServer: HostPort | undefined;

	constructor(
		server: HostPort,
		response: {
			readonly status: number;
			readonly reason: string;
			readonly unknownAttributes?: readonly number[];
			readonly alternateServer?: HostPort | undefined;
		},
	) {
		super(`${server.ip} port ${server.port} answered ${response.status} ${JSON.stringify(response.reason)}`);
		this.server = server;
		this.status = response.status;
		this.reason = response.reason;
		this.unknownAttributes = response.unknownAttributes ?? [];
		this.alternateServer = response.alternateServer;
	}
}

/** Every answer that came failed its integrity check, so somebody on the path may be changing them. */
export class StunIntegrityError extends StunError {
	override readonly name = "StunIntegrityError";
	readonly code = "ERR_STUN_INTEGRITY";
	readonly server: HostPort;

	constructor(server: HostPort, problem: string) {
		super(`${server.ip} port ${server.port}: ${problem}`);
		this.server = server;
	}
}

/** The server answered, but not with an address that can be believed. */
export class StunAnswerError extends StunError {
	override readonly name = "StunAnswerError";
	readonly code = "ERR_STUN_ANSWER";
	readonly server: HostPort;

	constructor(server: HostPort, problem: string) {
		super(`${server.ip} port ${server.port}: ${problem}`);
		this.server = server;
	}
}

/** The socket or the client was closed while a request was under way. */
export class StunClosedError extends StunError {
	override readonly name = "StunClosedError";
	readonly code = "ERR_STUN_CLOSED";

	constructor(what: string) {
		super(`${what} is closed`);
	}
}
