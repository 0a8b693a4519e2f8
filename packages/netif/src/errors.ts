/*
 * NetifError                       any error of this package; has `code`
 * |- CommandError                  ERR_NETIF_COMMAND: a program of the OS could not be run, failed or was too slow
 * |- InterfaceNotFoundError        ERR_NETIF_NOT_FOUND: no NIC of that name (names those that exist)
 * |- NoDefaultInterfaceError       ERR_NETIF_NO_GATEWAY: no NIC leads anywhere with that family
 * |- InvalidFamilyError            ERR_NETIF_INVALID_FAMILY: neither 4 nor 6
 * |- UnsupportedFamilyError        ERR_NETIF_NO_FAMILY: this NIC has no route of that family
 * |- NotStartedError               ERR_NETIF_NOT_STARTED: start() has not finished
 * |- ClosedError                   ERR_NETIF_CLOSED: close() was called
 * |- StartTimeoutError             ERR_NETIF_TIMEOUT: not finished within the overall timeout
 * |- InvalidTimeoutError           ERR_NETIF_INVALID_TIMEOUT: a timeout that no timer can wait
 * `- InvalidJsonError              ERR_NETIF_INVALID_JSON: no dictionary of an interface (says where)
 */
import { LONGEST_TIMEOUT } from "./defaults.js";
import type { OsFamily } from "./os/types.js";

/** The stable codes of this package's errors. */
export type NetifErrorCode =
	| "ERR_NETIF_COMMAND"
	| "ERR_NETIF_NOT_FOUND"
	| "ERR_NETIF_NO_GATEWAY"
	| "ERR_NETIF_INVALID_FAMILY"
	| "ERR_NETIF_NO_FAMILY"
	| "ERR_NETIF_NOT_STARTED"
	| "ERR_NETIF_CLOSED"
	| "ERR_NETIF_TIMEOUT"
	| "ERR_NETIF_INVALID_TIMEOUT"
	| "ERR_NETIF_INVALID_JSON";

/** Any error of this package. */
export class NetifError extends Error {
	override readonly name: string = "NetifError";
	/** The stable code to branch on. */
	readonly code: NetifErrorCode;

	constructor(code: NetifErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** A program of the OS could not be run, ended with a failure, or took too long. `code` is ERR_NETIF_COMMAND. */
export class CommandError extends NetifError {
	override readonly name = "CommandError";
	/** The program. */
	readonly command: string;
	/** `ENOENT`, `timeout`, `exit 1`, `signal SIGKILL`, ... */
	readonly reason: string;

	constructor(command: string, reason: string, options?: ErrorOptions) {
		super("ERR_NETIF_COMMAND", `${command}: ${reason}`, options);
		this.command = command;
		this.reason = reason;
	}
}

/** No NIC of that name. `code` is ERR_NETIF_NOT_FOUND. */
export class InterfaceNotFoundError extends NetifError {
	override readonly name = "InterfaceNotFoundError";
	/** The name that was asked for. */
	readonly interfaceName: string;
	/** The names that exist. */
	readonly existing: readonly string[];

	constructor(interfaceName: string, existing: readonly string[]) {
		const names = existing.map((name) => JSON.stringify(name)).join(", ");
		super(
			"ERR_NETIF_NOT_FOUND",
			`there is no network interface ${JSON.stringify(interfaceName)}; there is ${names || "none at all"}`,
		);
		this.interfaceName = interfaceName;
		this.existing = existing;
	}
}

/** No NIC leads to the world with that family. `code` is ERR_NETIF_NO_GATEWAY. */
export class NoDefaultInterfaceError extends NetifError {
	override readonly name = "NoDefaultInterfaceError";
	/** The family that was asked for, or `null` when neither has a way out. */
	readonly af: OsFamily | null;

	constructor(af: OsFamily | null, reason: string) {
		const family = af === null ? "neither IPv4 nor IPv6" : `no IPv${af}`;
		super("ERR_NETIF_NO_GATEWAY", `there is ${family} way out of this host: ${reason}`);
		this.af = af;
	}
}

/** A family that is neither 4 nor 6. `code` is ERR_NETIF_INVALID_FAMILY. */
export class InvalidFamilyError extends NetifError {
	override readonly name = "InvalidFamilyError";
	/** What was given. */
	readonly value: unknown;

	constructor(value: unknown) {
		super("ERR_NETIF_INVALID_FAMILY", `an address family is 4 or 6, not ${String(value)}`);
		this.value = value;
	}
}

/** The NIC has no route of that family. `code` is ERR_NETIF_NO_FAMILY. */
export class UnsupportedFamilyError extends NetifError {
	override readonly name = "UnsupportedFamilyError";
	/** The NIC. */
	readonly interfaceName: string;
	/** The family, or `null` when it has a route of neither. */
	readonly af: OsFamily | null;

	constructor(interfaceName: string, af: OsFamily | null, reason: string) {
		const family = af === null ? "route at all" : `IPv${af} route`;
		super("ERR_NETIF_NO_FAMILY", `${interfaceName} has no ${family}: ${reason}`);
		this.interfaceName = interfaceName;
		this.af = af;
	}
}

/** Asked for what only a started interface knows. `code` is ERR_NETIF_NOT_STARTED. */
export class NotStartedError extends NetifError {
	override readonly name = "NotStartedError";

	constructor(what: string) {
		super("ERR_NETIF_NOT_STARTED", `${what} is known after start() has finished`);
	}
}

/** The interface was closed. `code` is ERR_NETIF_CLOSED. */
export class ClosedError extends NetifError {
	override readonly name = "ClosedError";

	constructor(interfaceName: string) {
		super("ERR_NETIF_CLOSED", `${interfaceName} was closed`);
	}
}

/** Something was not finished within its overall timeout. `code` is ERR_NETIF_TIMEOUT. */
export class StartTimeoutError extends NetifError {
	override readonly name = "StartTimeoutError";
	/** The timeout, in ms. */
	readonly timeout: number;

	constructor(what: string, timeout: number) {
		super("ERR_NETIF_TIMEOUT", `${what} was not finished within ${timeout} ms`);
		this.timeout = timeout;
	}
}

/** A timeout that is no number of ms, or more than a timer can wait. `code` is ERR_NETIF_INVALID_TIMEOUT. */
export class InvalidTimeoutError extends NetifError {
	override readonly name = "InvalidTimeoutError";
	/** What was given. */
	readonly value: unknown;

	constructor(value: unknown) {
		super("ERR_NETIF_INVALID_TIMEOUT", `a timeout is 0 to ${LONGEST_TIMEOUT} ms, not ${String(value)}`);
		this.value = value;
	}
}

/** Not the dictionary of an interface. `code` is ERR_NETIF_INVALID_JSON. */
export class InvalidJsonError extends NetifError {
	override readonly name = "InvalidJsonError";
	/** Where in the dictionary (`nat.delta.type`). */
	readonly path: string;

	constructor(path: string, expected: string, options?: ErrorOptions) {
		super("ERR_NETIF_INVALID_JSON", `${path || "the dictionary"}: expected ${expected}`, options);
		this.path = path;
	}
}
