/**
 * A broker to embed or to run: MQTT 3.1.1 for the inboxes of nodes, and nothing else. Import it where it is used: it
 * loads aedes.
 *
 * @packageDocumentation
 */
export {
	type SignalBroker,
	type SignalBrokerDeps,
	type SignalBrokerOptions,
	startSignalBroker,
} from "./broker.js";
