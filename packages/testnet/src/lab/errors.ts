/*
 * LabError                      code            fields
 *  +- LabUnavailableError       ERR_LAB_UNAVAILABLE  reason, install
 *  +- LabTopologyError          ERR_LAB_TOPOLOGY     (message says what cannot be built)
 *  +- LabSetupError             ERR_LAB_SETUP        output
 *  +- LabTimeoutError           ERR_LAB_TIMEOUT      timeout, output
 *  +- LabRunError               ERR_LAB_RUN          exit, childError
 */
import type { LabExit } from "./types.js";

/** Anything that goes wrong with a laboratory. */
export class LabError extends Error {
	override readonly name: string = "LabError";
	/** Stable; `ERR_LAB_...`. */
	readonly code: string;

	constructor(code: string, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** No laboratory can be built on this machine. */
export class LabUnavailableError extends LabError {
	override readonly name = "LabUnavailableError";
	readonly reason: string;
	/** What would make it available. */
	readonly install: string;

	constructor(reason: string, install: string) {
		super("ERR_LAB_UNAVAILABLE", `no laboratory here: ${reason} (${install})`);
		this.reason = reason;
		this.install = install;
	}
}

/** The topology contradicts itself, or asks for what the kernel cannot do. */
export class LabTopologyError extends LabError {
	override readonly name = "LabTopologyError";

	constructor(message: string, options?: ErrorOptions) {
		super("ERR_LAB_TOPOLOGY", message, options);
	}
}

/** A namespace, a link, a rule or a server could not be set up. */
export class LabSetupError extends LabError {
	override readonly name = "LabSetupError";
	/** What the failing command printed. */
	readonly output: string;

	constructor(message: string, output: string, options?: ErrorOptions) {
		super("ERR_LAB_SETUP", output === "" ? message : `${message}\n${output}`, options);
		this.output = output;
	}
}

/** A command in the laboratory did not end in time, and was ended. */
export class LabTimeoutError extends LabError {
	override readonly name = "LabTimeoutError";
	/** In ms. */
	readonly timeout: number;
	/** What it had printed. */
	readonly output: string;

	constructor(what: string, timeout: number, output: string) {
		super("ERR_LAB_TIMEOUT", `${what} did not end within ${timeout} ms\n${output}`.trimEnd());
		this.timeout = timeout;
		this.output = output;
	}
}

/** An error as it came out of a scenario's process. */
export interface LabChildError {
	readonly name: string;
	readonly message: string;
	readonly code?: string;
	readonly stack?: string;
}

/** A scenario failed, or its process ended without a result. */
export class LabRunError extends LabError {
	override readonly name = "LabRunError";
	readonly exit: LabExit;
	/** What the scenario threw; null where the process ended otherwise. */
	readonly childError: LabChildError | null;

	constructor(module: string, exit: LabExit, childError: LabChildError | null) {
		const why = childError
			? (childError.stack ?? `${childError.name}: ${childError.message}`)
			: `its process ended without a result (code ${exit.code}, signal ${exit.signal})`;
		super("ERR_LAB_RUN", `${module}: ${why}\n${exit.stderr}`.trimEnd());
		this.exit = exit;
		this.childError = childError;
	}
}
