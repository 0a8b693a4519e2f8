import { type Endpoint, endpointText, printable } from "@p2pd/net";

/*
 * TurnError                 the root; `code` is stable
 * +- TurnOptionError        ERR_TURN_OPTION       an argument that is wrong; `path` names it
 * +- TurnUnsupportedError   ERR_TURN_UNSUPPORTED  something that this relay, or any relay, cannot do
 * +- TurnNetworkError       ERR_TURN_NETWORK      no way to the server: refused, reset, TLS
 * +- TurnTimeoutError       ERR_TURN_TIMEOUT      the server did not answer
 * +- TurnProtocolError      ERR_TURN_PROTOCOL     the server sent what makes no sense, or the integrity check failed
 * +- TurnResponseError      ERR_TURN_RESPONSE     the server answered with an error; `status` is its number
 * |  +- TurnAuthError       ERR_TURN_AUTH         401, 441: the credentials
 * |  +- TurnPeerError       ERR_TURN_PEER         403, 443, 446, 447: this peer
 * +- TurnLostError          ERR_TURN_LOST         the allocation is gone; `cause` says why
 * +- TurnClosedError        ERR_TURN_CLOSED       the relay or the socket was closed meanwhile
 */

/** The root of this package's errors. */
export abstract class TurnError extends Error {
	/** Stable across versions, for programs to test. */
	abstract readonly code: string;
}

/** An argument or option that is wrong. */
export class TurnOptionError extends TurnError {
	override readonly name = "TurnOptionError";
	readonly code = "ERR_TURN_OPTION";
	/** The argument: `server`, `options.port`. */
	readonly path: string;

	constructor(path: string, message: string) {
		super(`${path} ${message}`);
		this.path = path;
	}
}

/** Something that a relay cannot do, or that this server does not offer. */
export class TurnUnsupportedError extends TurnError {
	override readonly name = "TurnUnsupportedError";
	readonly code = "ERR_TURN_UNSUPPORTED";
	/** What was asked for: "ttl", "connect", "listen", "broadcast". */
	readonly feature: string;

	constructor(feature: string, message: string, cause?: unknown) {
		super(message, cause === undefined ? {} : { cause });
		this.feature = feature;
	}
}

/** The network refused or broke the way to the server. */
export class TurnNetworkError extends TurnError {
	override readonly name = "TurnNetworkError";
	readonly code = "ERR_TURN_NETWORK";
	readonly server: Endpoint;
	/** The system's or OpenSSL's name for it: "ECONNREFUSED", "ECONNRESET", "CERT_HAS_EXPIRED". */
	readonly errno: string;

	constructor(server: Endpoint, errno: string, cause?: unknown) {
		super(`${errno} on the way to ${endpointText(server)}`, cause === undefined ? {} : { cause });
		this.server = server;
		this.errno = errno;
	}
}

/** The server did not answer in time. */
export class TurnTimeoutError extends TurnError {
	override readonly name = "TurnTimeoutError";
	readonly code = "ERR_TURN_TIMEOUT";
	readonly server: Endpoint;
	/** The request without an answer, as RFC 8656 calls it: "Allocate". */
	readonly method: string;
	/** Milliseconds waited. */
	readonly waited: number;

	constructor(server: Endpoint, method: string, waited: number) {
		super(`no answer from ${endpointText(server)} to ${method} in ${Math.round(waited)} ms`);
		this.server = server;
		this.method = method;
		this.waited = waited;
	}
}

/** The server sent something that makes no sense, or its answers fail the integrity check. */
export class TurnProtocolError extends TurnError {
	override readonly name = "TurnProtocolError";
	readonly code = "ERR_TURN_PROTOCOL";
	readonly server: Endpoint;

	constructor(server: Endpoint, problem: string, cause?: unknown) {
		super(`${endpointText(server)}: ${problem}`, cause === undefined ? {} : { cause });
		this.server = server;
	}
}

/** What an error response says. */
export interface TurnErrorResponse {
	readonly server: Endpoint;
	/** The request that it answers: "Allocate", "CreatePermission". */
	readonly method: string;
	/** 300 to 699 (RFC 8656 section 19, RFC 6062 section 6.3, RFC 8489 section 14.8). */
	readonly status: number;
	/** The server's words for it. */
	readonly reason: string;
}

/** The server answered with an error response. */
export class TurnResponseError extends TurnError {
	override readonly name: string = "TurnResponseError";
	readonly code: string = "ERR_TURN_RESPONSE";
	readonly server: Endpoint;
	readonly method: string;
	/** 437 mismatch, 442 transport, 486 quota, 508 capacity, ... */
	readonly status: number;
	/** The server's words. Unchecked: pass them through `printable` before a terminal sees them. */
	readonly reason: string;

	constructor({ server, method, status, reason }: TurnErrorResponse, about = "") {
		super(`${endpointText(server)} answered ${status} ${printable(reason)} to ${method}${about}`);
		this.server = server;
		this.method = method;
		this.status = status;
		this.reason = reason;
	}
}

/** The server does not accept the credentials (401), or they are not those of the allocation (441). */
export class TurnAuthError extends TurnResponseError {
	override readonly name = "TurnAuthError";
	override readonly code = "ERR_TURN_AUTH";
}

/** The server refuses this peer (403), its family (443), or cannot connect to it (446, 447). */
export class TurnPeerError extends TurnResponseError {
	override readonly name = "TurnPeerError";
	override readonly code = "ERR_TURN_PEER";
	/** The peer's IP, with its port where one was named. */
	readonly peer: string;

	constructor(response: TurnErrorResponse, peer: string) {
		super(response, ` for ${peer}`);
		this.peer = peer;
	}
}

/** The allocation is gone: the server restarted, ended it or became silent. `cause` is how it was noticed. */
export class TurnLostError extends TurnError {
	override readonly name = "TurnLostError";
	readonly code = "ERR_TURN_LOST";
	/** The relayed address that no longer leads here. */
	readonly relayed: Endpoint;

	constructor(relayed: Endpoint, cause: Error) {
		super(`the allocation ${endpointText(relayed)} is lost: ${cause.message}`, { cause });
		this.relayed = relayed;
	}
}

/** The relay or the socket was closed meanwhile. */
export class TurnClosedError extends TurnError {
	override readonly name = "TurnClosedError";
	readonly code = "ERR_TURN_CLOSED";

	constructor(what: string) {
		super(`${what} is closed`);
	}
}

const AUTH: ReadonlySet<number> = new Set([401, 441]);
const PEER: ReadonlySet<number> = new Set([403, 443, 446, 447]);

/** The error of the right class for an error response. `peer` is whom the request was about. */
export function responseError(response: TurnErrorResponse, peer?: string): TurnResponseError {
	if (AUTH.has(response.status)) return new TurnAuthError(response);
	if (peer !== undefined && PEER.has(response.status)) return new TurnPeerError(response, peer);
	return new TurnResponseError(response);
}

/** The system's name of what went wrong, as Node's errors carry it in `code`. */
export function errnoOf(error: Error): string {
	return "code" in error && typeof error.code === "string" ? error.code : "EIO";
}
