/**
 * One object for TCP and UDP, clients and servers, push and pull, over a chosen route.
 *
 * @packageDocumentation
 */
export { SUB_ALL, TCP, UDP } from "./constants.js";
export {
	PipeBindError,
	PipeCallbackError,
	PipeClosedError,
	type PipeConnectAttempt,
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
export { delimited, lines, type PipeDelimitedOptions } from "./framing/delimited.js";
export { lengthPrefixed, type PipeLengthPrefixedOptions } from "./framing/length-prefixed.js";
export type { PipeFrameDecoder, PipeFraming } from "./framing/types.js";
export { pipeOpen, tryPipeOpen } from "./open/pipe-open.js";
export type * from "./open/types.js";
export type { PipePem, PipeTlsInfo, PipeTlsOptions } from "./tls/types.js";
export type * from "./types.js";
