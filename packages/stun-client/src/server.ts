/**
 * A STUN server (RFC 8489, 5780, 3489) for tests, demonstrations and self-hosting.
 *
 * @packageDocumentation
 */
export { createStunResponder } from "./server/responder.js";
export { startStunServer } from "./server/start.js";
export type {
	ResponderReply,
	StunResponder,
	StunResponderOptions,
	StunServer,
	StunServerDeps,
	StunServerOptions,
} from "./server/types.js";
