import type { ArgumentProblem } from "@p2pd/net";

/*
 * PortMapError
 * ├── PortMapArgumentError   ERR_PORT_MAP_ARGUMENT   an option or argument is wrong; `argument` says which
 * ├── PortMapDecodeError     ERR_PORT_MAP_DECODE     bytes, XML or HTTP from a router that make no sense
 * └── PortMapClosedError     ERR_PORT_MAP_CLOSED     the mapping was closed
 *
 * What a router refuses, or that it does not answer, is data in the result of mapPort.
 */

/** The codes of this package's errors. */
export type PortMapErrorCode = "ERR_PORT_MAP_ARGUMENT" | "ERR_PORT_MAP_DECODE" | "ERR_PORT_MAP_CLOSED";

/** What every error of this package is. */
export class PortMapError extends Error {
	override readonly name: string = "PortMapError";
	readonly code: PortMapErrorCode;

	constructor(code: PortMapErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** An option or argument is wrong. */
export class PortMapArgumentError extends PortMapError {
	override readonly name = "PortMapArgumentError";
	/** Its name or path, such as `options.internalPort`. */
	readonly argument: string;

	constructor({ path, message }: ArgumentProblem) {
		super("ERR_PORT_MAP_ARGUMENT", `${path} ${message}`);
		this.argument = path;
	}
}

/** A router sent something that cannot be read. */
export class PortMapDecodeError extends PortMapError {
	override readonly name = "PortMapDecodeError";
	/** What was being read: "PCP", "NAT-PMP", "SSDP", "description" or "SOAP". */
	readonly what: string;

	constructor(what: string, reason: string, options?: ErrorOptions) {
		super("ERR_PORT_MAP_DECODE", `${what}: ${reason}`, options);
		this.what = what;
	}
}

/** The mapping was closed. */
export class PortMapClosedError extends PortMapError {
	override readonly name = "PortMapClosedError";

	constructor() {
		super("ERR_PORT_MAP_CLOSED", "the port mapping is closed");
	}
}
