/**
 * The laboratory's other half: real kernels' NATs, firewalls and routes in network namespaces, with real
 * servers, on addresses that look public and never leave the machine.
 *
 * @packageDocumentation
 */
export { labAvailability } from "./availability.js";
export { buildLab } from "./build-lab.js";
export { describeLab } from "./describe-lab.js";
export {
	type LabChildError,
	LabError,
	LabRunError,
	LabSetupError,
	LabTimeoutError,
	LabTopologyError,
	LabUnavailableError,
} from "./errors.js";
export { planLab } from "./plan/plan.js";
export type { DaemonPlan, LabPlan, LinkEnd, Listen, NamespacePlan } from "./plan/types.js";
export { HOME_IP4, homeRouter } from "./presets/home-router.js";
export { COTURN, DNS, ECHO, OUTSIDE, STUND } from "./presets/outside.js";
export type * from "./types.js";
