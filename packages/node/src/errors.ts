import type { NodeAttempt } from "./types.js";

/*
 * NodeError
 * ├─ NodeArgumentError    ERR_NODE_ARGUMENT     an argument or option is wrong: `argument`
 * ├─ NodeStateError       ERR_NODE_STATE        called before start() or after close()
 * ├─ NodeListenError      ERR_NODE_LISTEN       the port is taken
 * ├─ NodeConnectError     ERR_NODE_CONNECT      no way led to the peer: `attempts`
 * ├─ NodeLostError        ERR_NODE_LOST         the local address of a connection is gone: `ip`
 * └─ NodeHandshakeError   ERR_NODE_HANDSHAKE    who answered is not the peer, or ended the connection
 */

/** Base class of this package's errors. */
export abstract class NodeError extends Error {
	abstract readonly code: string;
}

/** An argument or option is wrong. */
export class NodeArgumentError extends NodeError {
	override readonly name = "NodeArgumentError";
	readonly code = "ERR_NODE_ARGUMENT";
	readonly argument: string;

	constructor(argument: string, message: string) {
		super(`${argument} ${message}`);
		this.argument = argument;
	}
}

/** The node is not started, or closed. */
export class NodeStateError extends NodeError {
	override readonly name = "NodeStateError";
	readonly code = "ERR_NODE_STATE";
}

/** The node cannot listen on its port. */
export class NodeListenError extends NodeError {
	override readonly name = "NodeListenError";
	readonly code = "ERR_NODE_LISTEN";
}

/** No way led to the peer. The message names the reasons in one line; `attempts` has each way. */
export class NodeConnectError extends NodeError {
	override readonly name = "NodeConnectError";
	readonly code = "ERR_NODE_CONNECT";
	/** The node that was asked for. */
	readonly id: string;
	readonly attempts: readonly NodeAttempt[];
	/** From the call to the failure, in ms. */
	readonly ms: number;

	constructor(
		message: string,
		fields: { id: string; attempts: readonly NodeAttempt[]; ms: number },
		options?: ErrorOptions,
	) {
		super(message, options);
		this.id = fields.id;
		this.attempts = fields.attempts;
		this.ms = fields.ms;
	}
}

/** Who answered does not have the peer's keys, or ended the connection before it was secure. */
export class NodeHandshakeError extends NodeError {
	override readonly name = "NodeHandshakeError";
	readonly code = "ERR_NODE_HANDSHAKE";
}

/** The local address of a connection is gone: another network, or none. The pipe ends with it; connect again. */
export class NodeLostError extends NodeError {
	override readonly name = "NodeLostError";
	readonly code = "ERR_NODE_LOST";
	/** The address that is gone. */
	readonly ip: string;

	constructor(ip: string) {
		super(`the connection is lost: this host no longer has ${ip}`);
		this.ip = ip;
	}
}
