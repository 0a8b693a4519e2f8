/**
 * What every p2pd package shares: address families, endpoints, the socket contract, clocks, deadlines, and checks of
 * arguments. It depends on nothing and opens no socket, except {@link kernelSourceAddress}, which sends nothing.
 *
 * @packageDocumentation
 */

export { brand } from "./brand.js";
export {
	type ArgumentProblem,
	type Check,
	closestName,
	type Fields,
	is,
	type ObjectRules,
	objectProblem,
} from "./check.js";
export { type Clock, MAX_TIMER, systemClock } from "./clock.js";
export {
	abortable,
	type Deadline,
	DeadlineTimer,
	type DeadlineWaits,
	sleep,
	withAbort,
	withDeadline,
} from "./deadline.js";
export { type Endpoint, endpointText, sameEndpoint } from "./endpoint.js";
export { bitsOf, FAMILIES, type Family, familyFromP2pd, IP4, IP6, isFamily } from "./family.js";
export { MessageQueue } from "./message-queue.js";
export { printable } from "./printable.js";
export { type RandomBytes, systemRandom } from "./random.js";
export type {
	ConnectOptions,
	ListenOptions,
	NicRef,
	Sender,
	SocketFactory,
	SocketOptions,
	StreamSocket,
	StreamSockets,
	UdpOptions,
	UdpSocket,
	UdpSockets,
} from "./sockets.js";
export { kernelSourceAddress, type SourceAnswer } from "./source-address.js";
