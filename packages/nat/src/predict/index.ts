/**
 * The parts that hole-punching predictions are made of: one mapping from one observation, templates, and port
 * arithmetic. `@p2pd/nat` has the whole prediction.
 *
 * @packageDocumentation
 */
export { natsCanPredict, natsIntersect, STUN_PORT } from "./pair.js";
export {
	type NatPredictDeps,
	type NatPrediction,
	type NatPredictOptions,
	predictMappings,
	templateMappings,
	updateMappings,
} from "./predict.js";
export {
	fieldDist,
	fieldWrap,
	type NatObservedMapping,
	type NatPunchMapping,
	type NatPunchMode,
	nDist,
	portWrap,
	type SingleMappingInput,
	singleMapping,
} from "./single.js";
