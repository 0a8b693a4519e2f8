import { endpointText, printable } from "@p2pd/net";
import type { PipeEndReason, PipeProtocol, PipeRole } from "./types.js";

/*
 * PipeError                   ERR_PIPE               anything below
 * ├─ PipeOptionError          ERR_PIPE_OPTION        an invalid argument or option; `option`
 * ├─ PipeRoleError            ERR_PIPE_ROLE          a method that this role does not have
 * ├─ PipeConnectError         ERR_PIPE_CONNECT       every connection attempt failed; `attempts`
 * ├─ PipeBindError            ERR_PIPE_BIND          the local socket could not be made
 * ├─ PipeResolveError         ERR_PIPE_RESOLVE       the destination's name has no usable address
 * ├─ PipeTimeoutError         ERR_PIPE_TIMEOUT       connecting, resolving or TLS took too long; `phase`
 * ├─ PipeTlsError             ERR_PIPE_TLS           the handshake failed, or the peer's certificate is invalid
 * ├─ PipeClosedError          ERR_PIPE_CLOSED        the pipe has ended; `reason`
 * ├─ PipeNotSubscribedError   ERR_PIPE_NOT_SUBSCRIBED  `recv` without `subscribe`
 * ├─ PipeOverflowError        ERR_PIPE_OVERFLOW      messages were lost here under the policy "error"; `dropped`
 * ├─ PipeDestinationError     ERR_PIPE_DESTINATION   a send without a destination, or to a wrong one
 * ├─ PipeTooLongError         ERR_PIPE_TOO_LONG      a message longer than its transport or frame takes
 * ├─ PipeSendError            ERR_PIPE_SEND          the OS refused the data
 * ├─ PipeSendQueueError       ERR_PIPE_SEND_QUEUE    too much is unsent
 * ├─ PipeFramingError         ERR_PIPE_FRAMING       the stream, or a message to send, violates the framing
 * ├─ PipeRelayError           ERR_PIPE_RELAY         a relay that is not possible, or one that failed
 * ├─ PipeCallbackError        ERR_PIPE_CALLBACK      a callback threw; `callback`
 * └─ PipePatternError         ERR_PIPE_PATTERN       a pattern threw, or took too long; `ms`
 */

/** The codes of this package's errors. */
export type PipeErrorCode =
	| "ERR_PIPE"
	| "ERR_PIPE_OPTION"
	| "ERR_PIPE_ROLE"
	| "ERR_PIPE_CONNECT"
	| "ERR_PIPE_BIND"
	| "ERR_PIPE_RESOLVE"
	| "ERR_PIPE_TIMEOUT"
	| "ERR_PIPE_TLS"
	| "ERR_PIPE_CLOSED"
	| "ERR_PIPE_NOT_SUBSCRIBED"
	| "ERR_PIPE_OVERFLOW"
	| "ERR_PIPE_DESTINATION"
	| "ERR_PIPE_TOO_LONG"
	| "ERR_PIPE_SEND"
	| "ERR_PIPE_SEND_QUEUE"
	| "ERR_PIPE_FRAMING"
	| "ERR_PIPE_RELAY"
	| "ERR_PIPE_CALLBACK"
	| "ERR_PIPE_PATTERN";

/** The base class of every error of this package. */
export class PipeError extends Error {
	override readonly name: string = "PipeError";
	readonly code: PipeErrorCode = "ERR_PIPE";
}

/** An invalid argument or option. */
export class PipeOptionError extends PipeError {
	override readonly name = "PipeOptionError";
	override readonly code = "ERR_PIPE_OPTION";
	/** Its name, such as `recvTimeout`. */
	readonly option: string;

	constructor(option: string, message: string, options?: ErrorOptions) {
		super(printable(`${option}: ${message}`), options);
		this.option = option;
	}
}

/** A method that a pipe of this role does not have. */
export class PipeRoleError extends PipeError {
	override readonly name = "PipeRoleError";
	override readonly code = "ERR_PIPE_ROLE";
	readonly method: string;
	readonly protocol: PipeProtocol;
	readonly role: PipeRole;

	constructor(method: string, protocol: PipeProtocol, role: PipeRole, hint: string) {
		super(`a ${protocol.toUpperCase()} ${role} has no ${method}: ${hint}`);
		this.method = method;
		this.protocol = protocol;
		this.role = role;
	}
}

/** One address that was tried, and why it failed. */
export interface PipeConnectAttempt {
	readonly ip: string;
	readonly port: number;
	readonly error: Error;
}

/** Every connection attempt failed; `cause` is the first attempt's error. */
export class PipeConnectError extends PipeError {
	override readonly name = "PipeConnectError";
	override readonly code = "ERR_PIPE_CONNECT";
	readonly attempts: readonly PipeConnectAttempt[];

	constructor(attempts: readonly PipeConnectAttempt[]) {
		const tried = attempts
			.map(({ ip, port, error }) => `${endpointText({ ip, port })}: ${error.message}`)
			.join("; ");
		super(`cannot connect: ${tried}`, { cause: attempts[0]?.error });
		this.attempts = attempts;
	}
}

/** The local socket could not be made: the port is taken, or the host does not have the address. */
export class PipeBindError extends PipeError {
	override readonly name = "PipeBindError";
	override readonly code = "ERR_PIPE_BIND";
}

/** The destination's name has no address of a usable family. */
export class PipeResolveError extends PipeError {
	override readonly name = "PipeResolveError";
	override readonly code = "ERR_PIPE_RESOLVE";
	readonly host: string;

	constructor(host: string, message: string, options?: ErrorOptions) {
		super(printable(`cannot resolve ${host}: ${message}`), options);
		this.host = host;
	}
}

/** Opening took too long. */
export class PipeTimeoutError extends PipeError {
	override readonly name = "PipeTimeoutError";
	override readonly code = "ERR_PIPE_TIMEOUT";
	readonly phase: "resolve" | "connect" | "tls";
	/** The limit in milliseconds. */
	readonly timeout: number;
	/** Addresses that failed before. */
	readonly attempts: readonly PipeConnectAttempt[];

	constructor(
		phase: "resolve" | "connect" | "tls",
		timeout: number,
		attempts: readonly PipeConnectAttempt[] = [],
	) {
		super(`${phase} took longer than ${timeout} ms`);
		this.phase = phase;
		this.timeout = timeout;
		this.attempts = attempts;
	}
}

/** The TLS handshake failed, or the peer's certificate is invalid. */
export class PipeTlsError extends PipeError {
	override readonly name = "PipeTlsError";
	override readonly code = "ERR_PIPE_TLS";
}

/** The pipe has ended, or its peer has finished. */
export class PipeClosedError extends PipeError {
	override readonly name = "PipeClosedError";
	override readonly code = "ERR_PIPE_CLOSED";
	readonly reason: PipeEndReason;

	constructor(reason: PipeEndReason) {
		super(`the pipe has ended (${reason.kind})`, reason.error === null ? undefined : { cause: reason.error });
		this.reason = reason;
	}
}

/** `recv` without a matching `subscribe`. */
export class PipeNotSubscribedError extends PipeError {
	override readonly name = "PipeNotSubscribedError";
	override readonly code = "ERR_PIPE_NOT_SUBSCRIBED";

	constructor(sub: string) {
		super(`not subscribed to ${sub}: call subscribe() first`);
	}
}

/** Messages were lost here because the queue was full under the policy `error`. */
export class PipeOverflowError extends PipeError {
	override readonly name = "PipeOverflowError";
	override readonly code = "ERR_PIPE_OVERFLOW";
	/** How many messages. */
	readonly dropped: number;

	constructor(sub: string, dropped: number) {
		super(`the queue of ${sub} was full: ${dropped} messages are lost here`);
		this.dropped = dropped;
	}
}

/** A send without a destination, or to one that the pipe cannot send to. */
export class PipeDestinationError extends PipeError {
	override readonly name = "PipeDestinationError";
	override readonly code = "ERR_PIPE_DESTINATION";
}

/** A message that is longer than its transport or framing allows. */
export class PipeTooLongError extends PipeError {
	override readonly name = "PipeTooLongError";
	override readonly code = "ERR_PIPE_TOO_LONG";
	readonly length: number;
	readonly limit: number;

	constructor(length: number, limit: number) {
		super(`a message of ${length} bytes is longer than ${limit}`);
		this.length = length;
		this.limit = limit;
	}
}

/** The OS did not take the data; `cause` says why. */
export class PipeSendError extends PipeError {
	override readonly name = "PipeSendError";
	override readonly code = "ERR_PIPE_SEND";
}

/** Too much is unsent: await your sends. */
export class PipeSendQueueError extends PipeError {
	override readonly name = "PipeSendQueueError";
	override readonly code = "ERR_PIPE_SEND_QUEUE";
	/** Unsent bytes; each send counts as at least 512. */
	readonly pending: number;

	constructor(pending: number, limit: number) {
		super(`${pending} bytes are still unsent, of ${limit} allowed`);
		this.pending = pending;
	}
}

/** A stream, or a message to send, that violates the framing. */
export class PipeFramingError extends PipeError {
	override readonly name = "PipeFramingError";
	override readonly code = "ERR_PIPE_FRAMING";
}

/** A relay that is not possible (a loop, a target without a destination), or one whose target failed. */
export class PipeRelayError extends PipeError {
	override readonly name = "PipeRelayError";
	override readonly code = "ERR_PIPE_RELAY";
}

/** A callback or handler threw or rejected; `cause` is what it threw. */
export class PipeCallbackError extends PipeError {
	override readonly name = "PipeCallbackError";
	override readonly code = "ERR_PIPE_CALLBACK";
	/** The kind of callback: `message`, `connect`, `end` or `subscription`. */
	readonly callback: string;

	constructor(callback: string, cause: unknown) {
		super(`a ${callback} callback failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
			cause,
		});
		this.callback = callback;
	}
}

/** A pattern threw, or one test of it took too long. */
export class PipePatternError extends PipeError {
	override readonly name = "PipePatternError";
	override readonly code = "ERR_PIPE_PATTERN";
	/** Milliseconds that the test took. */
	readonly ms: number;

	constructor(message: string, ms: number, options?: ErrorOptions) {
		super(message, options);
		this.ms = ms;
	}
}
