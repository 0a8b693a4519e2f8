/**
 * How two nodes exchange messages before they are connected: an inbox for each node, in memory or on an MQTT server.
 * What is carried is sealed by `@p2pd/peer`; a server can drop or delay it, and neither read nor forge it.
 *
 * @packageDocumentation
 */
export {
	SignalArgumentError,
	SignalBrokerError,
	SignalClosedError,
	SignalConnectError,
	type SignalConnectProblem,
	SignalError,
	SignalSendError,
} from "./errors.js";
export { type HubMessage, type HubRule, MemorySignalHub } from "./memory.js";
export { type MqttSignalDeps, type MqttSignalOptions, openMqttSignal } from "./mqtt/mqtt-signal.js";
export { parseSignalUrl, type SignalServer } from "./mqtt/server-url.js";
export type { Signal, SignalCallOptions, SignalState } from "./types.js";
