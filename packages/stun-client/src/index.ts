/**
 * STUN (RFC 8489, 5780, 3489): codec, transactions, a client for UDP, TCP and TLS, and agreement between servers.
 *
 * @packageDocumentation
 */
export { observeExternalAddress } from "./agreement/observe.js";
export { type Behaviour, processStanding, ServerStanding } from "./agreement/standing.js";
export { AgreementTally, type TallyDecision } from "./agreement/tally.js";
export type {
	AgreementStatus,
	ExternalAddress,
	ObserveDeps,
	ObserveOptions,
	Vote,
	VoteFailure,
} from "./agreement/types.js";
export { readMapping } from "./client/mapping.js";
export { StunClient } from "./client/stun-client.js";
export type { ClientRequestOptions, ClientServer, StunClientOptions, StunMapping } from "./client/types.js";
export { systemClock } from "./clock.js";
export { ATTRIBUTE_TYPES, BINDING_METHOD, MAGIC_COOKIE } from "./codec/constants.js";
export { decodeMessage, looksLikeStun } from "./codec/decode.js";
export { encodeMessage } from "./codec/encode.js";
export { checkIntegrity, type IntegrityVerdict, longTermKey, shortTermKey } from "./codec/integrity.js";
export {
	attributeValue,
	getAttribute,
	mappedAddressOf,
	otherAddressOf,
	responseOriginOf,
} from "./codec/message.js";
export type {
	AddressName,
	AddressValue,
	AttributeName,
	AttributeValues,
	ChangeRequestValue,
	ErrorCodeValue,
	IntegrityOptions,
	MessageClass,
	MessageInput,
	NamedAttribute,
	PasswordAlgorithmValue,
	RawAttribute,
	StunAttribute,
	StunMessage,
} from "./codec/types.js";
export {
	type DecodePlace,
	StunAnswerError,
	StunClosedError,
	StunConfigError,
	StunDecodeError,
	StunEncodeError,
	StunError,
	StunIntegrityError,
	StunNetworkError,
	StunResponseError,
	StunTimeoutError,
} from "./errors.js";
export { checkOtherAddress } from "./servers/check-other-address.js";
export { DEFAULT_STUN_SERVERS } from "./servers/list.js";
export { systemLookup } from "./servers/lookup.js";
export {
	parseStunServer,
	parseStunServers,
	STUN_SERVERS_VARIABLE,
	stunServersFromEnv,
} from "./servers/parse.js";
export {
	type Lookup,
	type ResolveServersOptions,
	resolveStunServer,
	resolveStunServers,
} from "./servers/resolve.js";
export type { ResolvedServer, ServerFeature, StunServerSpec, UnresolvedServer } from "./servers/types.js";
export { type ServerVerification, type VerifyOptions, verifyStunServer } from "./servers/verify.js";
export { StunSocket, type StunSocketDeps, type StunSocketOptions } from "./socket/stun-socket.js";
export type { StunReply, StunRequestOptions, StunSocketCounts } from "./socket/types.js";
export { RtoTable, rtoFromRtt } from "./transactions/rto.js";
export { retransmissionSchedule, type Schedule } from "./transactions/schedule.js";
export { StunTransactions, transactionKey } from "./transactions/transactions.js";
export type { ExpectedSource, ReplyVerdict, TransactionPlan, TransactionStep } from "./transactions/types.js";
export type {
	Clock,
	Family,
	HostPort,
	RandomBytes,
	Sender,
	StreamSocket,
	StreamSockets,
	StunDeps,
	UdpSocket,
	UdpSockets,
} from "./types.js";
