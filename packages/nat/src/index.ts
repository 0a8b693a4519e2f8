/**
 * NAT behaviour discovery (RFC 5780, RFC 4787), port allocation, and prediction for hole punching.
 *
 * @packageDocumentation
 */
export {
	BUDGET_CLEAN,
	BUDGET_TROUBLE,
	TIMEOUT,
} from "./defaults.js";
export {
	DELTA_N,
	DELTA_TYPES,
	DEPENDENT_DELTA,
	type Delta,
	type DeltaType,
	EQUAL_DELTA,
	INDEPENDENT_DELTA,
	isDeltaType,
	NA_DELTA,
	PRESERV_DELTA,
	RANDOM_DELTA,
} from "./delta-types.js";
export { discoverNat, discoverNatSteps } from "./discover.js";
export {
	NatArgumentError,
	NatError,
	NatPredictionError,
	NatReportError,
	NatSocketError,
	type PredictionRule,
} from "./errors.js";
export { ASSUMED_NAT, type NatInfo, natInfo, type PortRange } from "./nat-info.js";
export {
	BLOCKED_NAT,
	BLOCKING_NATS,
	EASY_NATS,
	FULL_CONE,
	FUSSY_NATS,
	isNatType,
	NAT_TYPES,
	type NatType,
	natTypeFromText,
	OPEN_INTERNET,
	OPEN_NATS,
	PREDICTABLE_NATS,
	RESTRICT_NAT,
	RESTRICT_PORT_NAT,
	SYMMETRIC_INFO_ALIAS,
	SYMMETRIC_NAT,
	SYMMETRIC_UDP_FIREWALL,
} from "./nat-types.js";
export { natsCanPredict, natsIntersect, STUN_PORT } from "./predict/pair.js";
export { fieldDist, fieldWrap, nDist, portWrap } from "./predict/port-math.js";
export {
	type PredictDeps,
	type Prediction,
	type PredictOptions,
	predictMappings,
	templateMappings,
	updateMappings,
} from "./predict/predict.js";
export {
	type ObservedMapping,
	type PunchMapping,
	type PunchMode,
	type SingleMappingInput,
	singleMapping,
} from "./predict/single.js";
export { type LifetimeDeps, type LifetimeOptions, measureLifetime } from "./probes/lifetime.js";
export {
	type AssumedNat,
	assumedNat,
	type NatDictionary,
	natDictionary,
	natInfoOf,
} from "./report/assumed.js";
export { parseNatReport, REPORT_SCHEMA, REPORT_VERSION } from "./report/parse.js";
export type {
	Agreement,
	DeltaVerdict,
	Dependence,
	DiscoverNatInput,
	DoubleNatHint,
	FilteringBehaviour,
	LifetimeVerdict,
	MappingBehaviour,
	NatChange,
	NatDeps,
	NatEvidence,
	NatOptions,
	NatReport,
	NatServer,
	NatSockets,
	ProbeEvidence,
	Seen,
	SendEvidence,
	ServerEvidence,
	TcpVerdict,
	TrainSample,
} from "./types.js";
