/**
 * A TURN allocation (RFC 8656, RFC 6062) as a socket factory.
 *
 * @packageDocumentation
 */
export {
	TurnAuthError,
	TurnClosedError,
	TurnError,
	type TurnErrorResponse,
	TurnLostError,
	TurnNetworkError,
	TurnOptionError,
	TurnPeerError,
	TurnProtocolError,
	TurnResponseError,
	TurnTimeoutError,
	TurnUnsupportedError,
} from "./errors.js";
export { type TurnRoute, turnRoute } from "./turn-route.js";
export type {
	TurnCredentialSource,
	TurnCredentials,
	TurnDeps,
	TurnRouteOptions,
	TurnServer,
	TurnTlsOptions,
	TurnTransport,
} from "./types.js";
