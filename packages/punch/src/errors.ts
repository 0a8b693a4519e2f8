// PunchError            ERR_PUNCH
// ├── PunchArgumentError  ERR_PUNCH_ARGUMENT  wrong option or dependency; `argument` names it
// └── PunchMessageError   ERR_PUNCH_MESSAGE   bytes from the channel that are not a message of this protocol

/** Anything that this package throws, except a signal's reason. */
export class PunchError extends Error {
	override name = "PunchError";
	readonly code: "ERR_PUNCH_ARGUMENT" | "ERR_PUNCH_MESSAGE";

	constructor(code: PunchError["code"], message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** An option or dependency is missing, unknown, or of the wrong kind. */
export class PunchArgumentError extends PunchError {
	override name = "PunchArgumentError";
	/** The path of it, such as `options.nats.our.type`. */
	readonly argument: string;

	constructor(argument: string, message: string) {
		super("ERR_PUNCH_ARGUMENT", `${argument} ${message}`);
		this.argument = argument;
	}
}

/** Bytes that are not a message of this protocol. */
export class PunchMessageError extends PunchError {
	override name = "PunchMessageError";

	constructor(problem: string) {
		super("ERR_PUNCH_MESSAGE", `not a punch message: ${problem}`);
	}
}
