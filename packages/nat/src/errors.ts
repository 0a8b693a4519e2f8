// NatError                      ERR_NAT
// ├── NatArgumentError          ERR_NAT_ARGUMENT           a value that makes no sense was handed in
// ├── NatPredictionError        ERR_NAT_PREDICTION         these two NATs cannot be predicted; `rule` says why
// ├── NatSocketError            ERR_NAT_SOCKET             a socket could not be made; `cause` is the system's error
// └── NatReportError            ERR_NAT_REPORT             a stored report cannot be read; `path` says where
//
// What a network does (silence, lies, loss) is data in the report and never thrown.

/** The base of every error of this package. */
export class NatError extends Error {
	override name = "NatError";
	/** A stable code to compare with. */
	readonly code: string;

	constructor(code: string, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** A value that makes no sense was handed in. */
export class NatArgumentError extends NatError {
	override name = "NatArgumentError";
	/** Which argument or option it was. */
	readonly argument: string;

	constructor(argument: string, message: string) {
		super("ERR_NAT_ARGUMENT", message);
		this.argument = argument;
	}
}

/** Why a prediction is impossible. */
export type NatPredictionRule =
	/** Both sides need an exact reply port and one of them cannot tell its own. */
	| "double-strict"
	/** The side that cannot tell its port needs an easy partner, and the partner is not. */
	| "partner-hard"
	/** The side that cannot tell its port needs the STUN port, which is outside the partner's range. */
	| "stun-port-out-of-range"
	/** This NAT's type and port rule allow no prediction. */
	| "unpredictable"
	/** The shared range has no usable port. */
	| "empty-range"
	/** A peer's mapping lacks the remote port. */
	| "no-remote-port"
	/** No mapping could be observed beforehand. */
	| "no-observation";

/** These NATs cannot be predicted. */
export class NatPredictionError extends NatError {
	override name = "NatPredictionError";
	readonly rule: NatPredictionRule;

	constructor(rule: NatPredictionRule, message: string, options?: ErrorOptions) {
		super("ERR_NAT_PREDICTION", message, options);
		this.rule = rule;
	}
}

/** A socket could not be made. */
export class NatSocketError extends NatError {
	override name = "NatSocketError";

	constructor(message: string, options?: ErrorOptions) {
		super("ERR_NAT_SOCKET", message, options);
	}
}

/** A stored report cannot be read. */
export class NatReportError extends NatError {
	override name = "NatReportError";
	/** Where in the report, as `delta.type`. */
	readonly path: string;

	constructor(path: string, message: string) {
		super("ERR_NAT_REPORT", message);
		this.path = path;
	}
}
