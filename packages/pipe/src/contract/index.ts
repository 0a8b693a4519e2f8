/**
 * What every pipe does, on every network, as cases for any test runner: for authors of socket factories, such as a
 * relay, who want to know whether pipes work over them.
 *
 * @packageDocumentation
 */
export { PIPE_CONTRACT } from "./cases.js";
export {
	type PipeContractCase,
	type PipeContractEnvironment,
	type PipeContractPair,
	PipeContractScene,
	runPipeContractCase,
	settleLoopback,
} from "./scene.js";
