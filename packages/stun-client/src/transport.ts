/**
 * STUN transactions over sockets, for protocols that extend STUN and for callers that need their own schedule: many
 * requests on one UDP socket or one connection, and the long-term authentication of RFC 8489.
 *
 * @packageDocumentation
 */
export { type StunChallengeVerdict, StunLongTermAuth, type StunSignature } from "./client/auth.js";
export type { StunCredentials } from "./client/types.js";
export { StunFramer, StunStream } from "./transport/stream.js";
export {
	type ExpectedSource,
	type ReplyVerdict,
	RtoTable,
	retransmissionSchedule,
	rtoFromRtt,
	type Schedule,
	StunTransactions,
	type TransactionPlan,
	type TransactionStep,
	transactionKey,
} from "./transport/transactions.js";
export type {
	StunReply,
	StunRequestOptions,
	StunSocketCounts,
	StunTransport,
	StunTransportDeps,
} from "./transport/types.js";
export { StunSocket, type StunSocketOptions } from "./transport/udp.js";
