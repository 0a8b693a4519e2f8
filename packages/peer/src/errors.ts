/*
 * PeerError
 * ├─ PeerArgumentError   ERR_PEER_ARGUMENT          an argument is wrong: `argument`
 * ├─ PeerIdentityError   ERR_PEER_IDENTITY          a file or text does not hold a node's keys
 * ├─ PeerAddressError    ERR_PEER_ADDRESS_...       a text is not a peer address: `problem`
 * └─ PeerMessageError    ERR_PEER_MESSAGE_...       bytes are not a message for this node: `problem`
 */

/** Base class of this package's errors. */
export abstract class PeerError extends Error {
	abstract readonly code: string;
}

/** An argument is wrong. */
export class PeerArgumentError extends PeerError {
	override readonly name = "PeerArgumentError";
	readonly code = "ERR_PEER_ARGUMENT";
	/** The name of the argument, or the path of the option. */
	readonly argument: string;

	constructor(argument: string, message: string) {
		super(`${argument} ${message}`);
		this.argument = argument;
	}
}

/** A file or a text does not hold a node's keys, or cannot be read or written. Its message never quotes the content. */
export class PeerIdentityError extends PeerError {
	override readonly name = "PeerIdentityError";
	readonly code = "ERR_PEER_IDENTITY";
}

/** What can be wrong with the text of a peer address. */
export type PeerAddressProblem =
	| "prefix"
	| "encoding"
	| "length"
	| "version"
	| "truncated"
	| "trailing"
	| "value"
	| "signature"
	| "unsigned";

/**
 * A text is not a peer address. `code` is `ERR_PEER_ADDRESS_PREFIX` (does not begin with `p2pd1`), `_ENCODING` (not
 * base64url), `_LENGTH` (too long), `_VERSION`, `_TRUNCATED` (cut off), `_TRAILING` (something follows it), `_VALUE` (a
 * field has an impossible value), `_SIGNATURE` (damaged or forged), or `_UNSIGNED` (P2PD's own text, which proves nothing).
 */
export class PeerAddressError extends PeerError {
	override readonly name = "PeerAddressError";
	readonly code: `ERR_PEER_ADDRESS_${Uppercase<PeerAddressProblem>}`;
	readonly problem: PeerAddressProblem;

	constructor(problem: PeerAddressProblem, message: string, options?: ErrorOptions) {
		super(message, options);
		this.problem = problem;
		this.code = `ERR_PEER_ADDRESS_${problem.toUpperCase() as Uppercase<PeerAddressProblem>}`;
	}
}

/** Why a message is refused. */
export type PeerMessageProblem = "malformed" | "key" | "decrypt" | "receiver" | "signature" | "length";

/**
 * Bytes are not a message for this node. `code` is `ERR_PEER_MESSAGE_MALFORMED`, `_KEY` (sealed to a key that this node
 * does not have), `_DECRYPT` (damaged or forged), `_RECEIVER` (meant for another node), `_SIGNATURE`, or `_LENGTH`
 * (the body to seal is too long).
 */
export class PeerMessageError extends PeerError {
	override readonly name = "PeerMessageError";
	readonly code: `ERR_PEER_MESSAGE_${Uppercase<PeerMessageProblem>}`;
	readonly problem: PeerMessageProblem;

	constructor(problem: PeerMessageProblem, message: string, options?: ErrorOptions) {
		super(message, options);
		this.problem = problem;
		this.code = `ERR_PEER_MESSAGE_${problem.toUpperCase() as Uppercase<PeerMessageProblem>}`;
	}
}
