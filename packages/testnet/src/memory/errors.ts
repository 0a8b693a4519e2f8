/*
 * Error
 * ├── TestnetError          ERR_TESTNET_*: a mistake in a test or in the description of a network
 * │   ├── ClockError        ERR_TESTNET_CLOCK_IDLE | ERR_TESTNET_CLOCK_LIMIT | ERR_TESTNET_CLOCK_STUCK
 * │   └── TopologyError     ERR_TESTNET_TOPOLOGY
 * └── SystemError           ECONNREFUSED, EADDRINUSE, ...: what the kernel would have said, in Node's form
 */

/** A mistake in a test or in the description of a network; `code` says which. */
export class TestnetError extends Error {
	override readonly name: string = "TestnetError";
	readonly code: string;

	constructor(code: string, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** Why a run of the manual clock ended without what was waited for. */
export class ClockError extends TestnetError {
	override readonly name = "ClockError";
	/** The clock's time then, ms. */
	readonly at: number;

	constructor(kind: "IDLE" | "LIMIT" | "STUCK", message: string, at: number) {
		super(`ERR_TESTNET_CLOCK_${kind}`, message);
		this.at = at;
	}
}

/** The description of a network does not fit together; `where` names the part. */
export class TopologyError extends TestnetError {
	override readonly name = "TopologyError";
	readonly where: string;

	constructor(where: string, message: string) {
		super("ERR_TESTNET_TOPOLOGY", `${where}: ${message}`);
		this.where = where;
	}
}

/** The error numbers of Linux that the in-memory network can give. */
const ERRNO = {
	EBADF: -9,
	EACCES: -13,
	EINVAL: -22,
	EMSGSIZE: -90,
	ENOPROTOOPT: -92,
	EADDRINUSE: -98,
	EADDRNOTAVAIL: -99,
	ENETUNREACH: -101,
	ECONNRESET: -104,
	ENOTCONN: -107,
	ETIMEDOUT: -110,
	ECONNREFUSED: -111,
	EPIPE: -32,
	ENOTFOUND: -3008,
} as const;

/** Codes of `SystemError`. */
export type SystemErrorCode = keyof typeof ERRNO;

/** What the kernel would have said, with the fields that Node's own errors have. */
export class SystemError extends Error {
	readonly code: SystemErrorCode;
	readonly errno: number;
	readonly syscall: string;
	readonly address?: string;
	readonly port?: number;

	constructor(code: SystemErrorCode, syscall: string, address?: string, port?: number) {
		const where = address === undefined ? "" : ` ${address}${port === undefined ? "" : `:${port}`}`;
		super(`${syscall} ${code}${where}`);
		this.code = code;
		this.errno = ERRNO[code];
		this.syscall = syscall;
		if (address !== undefined) this.address = address;
		if (port !== undefined) this.port = port;
	}
}
