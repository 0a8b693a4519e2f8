/**
 * One object for TCP and UDP, clients and servers, push and pull, over a chosen route.
 *
 * @packageDocumentation
 */
export { TCP, UDP } from "./constants.js";
export {
	type ConnectAttempt,
	PipeBindError,
	PipeCallbackError,
	PipeClosedError,
	PipeConnectError,
	PipeDestinationError,
	PipeError,
	type PipeErrorCode,
	PipeFramingError,
	PipeNotSubscribedError,
	PipeOptionError,
	PipeOverflowError,
	PipePatternError,
	PipeRelayError,
	PipeResolveError,
	PipeRoleError,
	PipeSendError,
	PipeSendQueueError,
	PipeTimeoutError,
	PipeTlsError,
	PipeTooLongError,
} from "./errors.js";
export { type DelimitedOptions, delimited, lines } from "./framing/delimited.js";
export { type LengthPrefixedOptions, lengthPrefixed } from "./framing/length-prefixed.js";
export type { FrameDecoder, Framing } from "./framing/types.js";
export { pipeOpen, tryPipeOpen } from "./open/pipe-open.js";
export { Pipe } from "./pipe.js";
export type { Pem, TlsInfo, TlsOptions } from "./tls/types.js";
export type * from "./types.js";
