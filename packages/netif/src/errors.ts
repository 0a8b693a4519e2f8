import type { ArgumentProblem, Family } from "@p2pd/net";

/*
 * NetifError
 * ├── NetifArgumentError    ERR_NETIF_ARGUMENT     an argument or option is invalid (says which)
 * ├── NetifCommandError     ERR_NETIF_COMMAND      a program of the OS could not be run, failed or took too long
 * ├── NetifNotFoundError    ERR_NETIF_NOT_FOUND    there is no NIC of that name (says which exist)
 * ├── NetifNoGatewayError   ERR_NETIF_NO_GATEWAY   no NIC has a default route of that family
 * ├── NetifNoFamilyError    ERR_NETIF_NO_FAMILY    this NIC has no route of that family
 * ├── NetifNotStartedError  ERR_NETIF_NOT_STARTED  start() has not finished
 * ├── NetifClosedError      ERR_NETIF_CLOSED       close() was called
 * ├── NetifTimeoutError     ERR_NETIF_TIMEOUT      not finished within the overall timeout
 * └── NetifJsonError        ERR_NETIF_JSON         not the dictionary of an interface (says where)
 */

/** The stable codes of this package's errors. */
export type NetifErrorCode =
	| "ERR_NETIF_ARGUMENT"
	| "ERR_NETIF_COMMAND"
	| "ERR_NETIF_NOT_FOUND"
	| "ERR_NETIF_NO_GATEWAY"
	| "ERR_NETIF_NO_FAMILY"
	| "ERR_NETIF_NOT_STARTED"
	| "ERR_NETIF_CLOSED"
	| "ERR_NETIF_TIMEOUT"
	| "ERR_NETIF_JSON";

/** Any error of this package. */
export class NetifError extends Error {
	override readonly name: string = "NetifError";
	/** Stable, for programs. The message is for people and may change. */
	readonly code: NetifErrorCode;

	constructor(code: NetifErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** An argument or option is invalid. `code` is ERR_NETIF_ARGUMENT. */
export class NetifArgumentError extends NetifError {
	override readonly name = "NetifArgumentError";
	/** Which one: its name, or a path such as `stunServers[2].port`. */
	readonly argument: string;

	constructor(argument: string, reason: string, options?: ErrorOptions) {
		super("ERR_NETIF_ARGUMENT", `${argument} ${reason}`, options);
		this.argument = argument;
	}
}

/** A program of the OS could not be run, failed, or took too long. `code` is ERR_NETIF_COMMAND. */
export class NetifCommandError extends NetifError {
	override readonly name = "NetifCommandError";
	/** The program. */
	readonly command: string;
	/** `ENOENT`, `no answer within 10000 ms`, `exit 1`, `signal SIGKILL`, ... */
	readonly reason: string;

	constructor(command: string, reason: string, options?: ErrorOptions) {
		super("ERR_NETIF_COMMAND", `${command}: ${reason}`, options);
		this.command = command;
		this.reason = reason;
	}
}

/** There is no NIC of that name. `code` is ERR_NETIF_NOT_FOUND. */
export class NetifNotFoundError extends NetifError {
	override readonly name = "NetifNotFoundError";
	/** The name that was asked for. */
	readonly interfaceName: string;
	/** The names that exist. */
	readonly existing: readonly string[];

	constructor(interfaceName: string, existing: readonly string[]) {
		const names = existing.map((name) => JSON.stringify(name)).join(", ");
		super(
			"ERR_NETIF_NOT_FOUND",
			`there is no network interface ${JSON.stringify(interfaceName)}; ${names ? `there are ${names}` : "there are none at all"}`,
		);
		this.interfaceName = interfaceName;
		this.existing = existing;
	}
}

/** No NIC has a default route of that family. `code` is ERR_NETIF_NO_GATEWAY. */
export class NetifNoGatewayError extends NetifError {
	override readonly name = "NetifNoGatewayError";
	/** The family that was asked for, or `null` if neither has a default route. */
	readonly af: Family | null;

	constructor(af: Family | null, existing: readonly string[]) {
		const family = af === null ? "IPv4 or IPv6" : `IPv${af}`;
		super(
			"ERR_NETIF_NO_GATEWAY",
			`this host has no ${family} default route (NICs: ${existing.join(", ") || "none"})`,
		);
		this.af = af;
	}
}

/** The NIC has no route of that family. `code` is ERR_NETIF_NO_FAMILY. */
export class NetifNoFamilyError extends NetifError {
	override readonly name = "NetifNoFamilyError";
	/** The NIC. */
	readonly interfaceName: string;
	/** The family, or `null` if it has no route of either. */
	readonly af: Family | null;

	constructor(interfaceName: string, af: Family | null, reason: string) {
		const family = af === null ? "route" : `IPv${af} route`;
		super("ERR_NETIF_NO_FAMILY", `${interfaceName} has no ${family}: ${reason}`);
		this.interfaceName = interfaceName;
		this.af = af;
	}
}

/** Asked for what only a started interface knows. `code` is ERR_NETIF_NOT_STARTED. */
export class NetifNotStartedError extends NetifError {
	override readonly name = "NetifNotStartedError";

	constructor(what: string) {
		super("ERR_NETIF_NOT_STARTED", `${what} is not known before start() has finished`);
	}
}

/** The interface was closed. `code` is ERR_NETIF_CLOSED. */
export class NetifClosedError extends NetifError {
	override readonly name = "NetifClosedError";

	constructor(interfaceName: string) {
		super("ERR_NETIF_CLOSED", `${interfaceName} was closed`);
	}
}

/** A call was not finished within its overall timeout. `code` is ERR_NETIF_TIMEOUT. */
export class NetifTimeoutError extends NetifError {
	override readonly name = "NetifTimeoutError";
	/** The timeout, in ms. */
	readonly timeout: number;

	constructor(what: string, timeout: number) {
		super("ERR_NETIF_TIMEOUT", `${what} did not finish within ${timeout} ms`);
		this.timeout = timeout;
	}
}

/** Not the dictionary of an interface. `code` is ERR_NETIF_JSON. */
export class NetifJsonError extends NetifError {
	override readonly name = "NetifJsonError";
	/** Where in the dictionary (`nat.delta.type`). */
	readonly path: string;

	constructor(path: string, reason: string, options?: ErrorOptions) {
		super("ERR_NETIF_JSON", `${path || "the dictionary"} ${reason}`, options);
		this.path = path;
	}
}

/** Throws NetifArgumentError (ERR_NETIF_ARGUMENT) if a check found something. */
export function refuse(problem: ArgumentProblem | null): void {
	if (problem !== null) throw new NetifArgumentError(problem.path, problem.message);
}
