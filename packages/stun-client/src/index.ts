/**
 * STUN (RFC 8489, 5780, 3489): a client for UDP, TCP and TLS, the choice of servers, and the external address that
 * several servers agree on. The codec is in `@p2pd/stun-client/codec`, transactions on sockets are in
 * `@p2pd/stun-client/transport`, and a server is in `@p2pd/stun-client/server`.
 *
 * @packageDocumentation
 */
export { StunClient } from "./client/stun-client.js";
export type {
	StunClientDeps,
	StunClientOptions,
	StunClientRequestOptions,
	StunClientServer,
	StunCredentials,
	StunDialect,
	StunMapping,
	StunTlsOptions,
} from "./client/types.js";
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
export { observeExternalAddress } from "./external-address/observe.js";
export type {
	ExternalAddress,
	ExternalAddressFailure,
	ExternalAddressStatus,
	ExternalAddressVote,
	ObserveExternalAddressDeps,
	ObserveExternalAddressOptions,
} from "./external-address/types.js";
export {
	orderStunServers,
	type StunServerChoiceDeps,
	type StunServerChoiceOptions,
	StunServerQueue,
} from "./servers/choice.js";
export { DEFAULT_STUN_SERVERS } from "./servers/list.js";
export {
	processMemory as processStunServerMemory,
	type StunServerEvent,
	type StunServerFacts,
	StunServerMemory,
	type StunServerPath,
} from "./servers/memory.js";
export { otherAddressProblem as stunOtherAddressProblem } from "./servers/other-address.js";
export {
	type ResolveStunServerDeps,
	type ResolveStunServerOptions,
	resolveStunServer,
	resolveStunServers,
} from "./servers/resolve.js";
export {
	parseStunServer,
	parseStunServers,
	STUN_SERVERS_VARIABLE,
	stunServerSpec,
	stunServersFromEnv,
} from "./servers/text.js";
export type {
	ResolvedStunServer,
	StunServerFeature,
	StunServerInput,
	StunServerSpec,
	UnresolvedStunServer,
} from "./servers/types.js";
export {
	type StunServerVerification,
	type VerifyStunServerDeps,
	type VerifyStunServerOptions,
	verifyStunServer,
} from "./servers/verify.js";
export type { StunReply } from "./transport/types.js";
