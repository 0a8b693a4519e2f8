/**
 * NAT behaviour discovery (RFC 5780, RFC 4787), port allocation, and prediction for hole punching. The parts of the
 * prediction are in `@p2pd/nat/predict`.
 *
 * @packageDocumentation
 */
export { discoverNat, discoverNatSteps } from "./discover.js";
export {
	NatArgumentError,
	NatError,
	NatPredictionError,
	type NatPredictionRule,
	NatReportError,
	NatSocketError,
} from "./errors.js";
export { measureNatLifetime, type NatLifetimeOptions } from "./lifetime.js";
export { ASSUMED_NAT, type NatInfo, type NatPortRange, natInfo } from "./nat-info.js";
export {
	BLOCKED_NAT,
	BLOCKING_NATS,
	DELTA_N,
	DELTA_TYPES,
	DEPENDENT_DELTA,
	type Delta,
	type DeltaType,
	EASY_NATS,
	EQUAL_DELTA,
	FULL_CONE,
	FUSSY_NATS,
	INDEPENDENT_DELTA,
	isDeltaType,
	isNatType,
	NA_DELTA,
	NAT_TYPES,
	type NatType,
	natTypeFromText,
	OPEN_INTERNET,
	OPEN_NATS,
	PREDICTABLE_NATS,
	PRESERV_DELTA,
	RANDOM_DELTA,
	RESTRICT_NAT,
	RESTRICT_PORT_NAT,
	SYMMETRIC_INFO_ALIAS,
	SYMMETRIC_NAT,
	SYMMETRIC_UDP_FIREWALL,
} from "./nat-types.js";
export { natsCanPredict, natsIntersect } from "./predict/pair.js";
export {
	type NatPredictDeps,
	type NatPrediction,
	type NatPredictOptions,
	predictMappings,
	updateMappings,
} from "./predict/predict.js";
export type { NatObservedMapping, NatPunchMapping, NatPunchMode } from "./predict/single.js";
export {
	type AssumedNat,
	assumedNat,
	type NatDictionary,
	natDictionary,
	natInfoOf,
} from "./report/assumed.js";
export { NAT_REPORT_SCHEMA, NAT_REPORT_VERSION, parseNatReport } from "./report/parse.js";
export type {
	DoubleNatHint,
	NatAgreement,
	NatChange,
	NatDelta,
	NatDependence,
	NatDeps,
	NatEvidence,
	NatFiltering,
	NatLifetime,
	NatMapping,
	NatOptions,
	NatProbeEvidence,
	NatReport,
	NatSeen,
	NatSendEvidence,
	NatServer,
	NatServerEvidence,
	NatSockets,
	NatTcp,
	NatTrainSample,
} from "./types.js";
