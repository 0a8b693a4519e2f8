import { printable } from "@p2pd/net";

/*
 * SignalError
 * ├─ SignalArgumentError   ERR_SIGNAL_ARGUMENT     an argument is wrong: `argument`
 * ├─ SignalConnectError    ERR_SIGNAL_UNREACHABLE, ERR_SIGNAL_DENIED, ERR_SIGNAL_CLOCK, ERR_SIGNAL_TIMEOUT, ERR_SIGNAL_PROTOCOL
 * ├─ SignalSendError       ERR_SIGNAL_SEND         the server did not take a message
 * ├─ SignalClosedError     ERR_SIGNAL_CLOSED       after close()
 * └─ SignalBrokerError     ERR_SIGNAL_BROKER       the embedded broker cannot start
 */

/** Base class of this package's errors. */
export abstract class SignalError extends Error {
	abstract readonly code: string;
}

/** An argument is wrong. */
export class SignalArgumentError extends SignalError {
	override readonly name = "SignalArgumentError";
	readonly code = "ERR_SIGNAL_ARGUMENT";
	readonly argument: string;

	constructor(argument: string, message: string) {
		super(`${argument} ${message}`);
		this.argument = argument;
	}
}

/** Why there is no connection to a signal server. */
export type SignalConnectProblem = "unreachable" | "denied" | "clock" | "timeout" | "protocol";

/**
 * There is no connection to a signal server. `code` is `ERR_SIGNAL_UNREACHABLE` (nothing listens there, or the name is
 * unknown), `_DENIED` (user or password), `_CLOCK` (our broker says that this machine's clock is wrong), `_TIMEOUT` (no
 * answer), or `_PROTOCOL` (something else answers there).
 */
export class SignalConnectError extends SignalError {
	override readonly name = "SignalConnectError";
	readonly code: `ERR_SIGNAL_${Uppercase<SignalConnectProblem>}`;
	readonly problem: SignalConnectProblem;
	/** The server, without user and password. */
	readonly url: string;

	constructor(problem: SignalConnectProblem, url: string, detail: string, options?: ErrorOptions) {
		super(`${url}: ${printable(detail)}`, options);
		this.problem = problem;
		this.url = url;
		this.code = `ERR_SIGNAL_${problem.toUpperCase() as Uppercase<SignalConnectProblem>}`;
	}
}

/** The server did not take a message. */
export class SignalSendError extends SignalError {
	override readonly name = "SignalSendError";
	readonly code = "ERR_SIGNAL_SEND";
}

/** The signal was closed. */
export class SignalClosedError extends SignalError {
	override readonly name = "SignalClosedError";
	readonly code = "ERR_SIGNAL_CLOSED";

	constructor() {
		super("the signal is closed");
	}
}

/** The embedded broker cannot start. */
export class SignalBrokerError extends SignalError {
	override readonly name = "SignalBrokerError";
	readonly code = "ERR_SIGNAL_BROKER";
}
