/**
 * UDP and TCP hole punching between two peers behind NATs.
 *
 * @packageDocumentation
 */
export { PunchArgumentError, PunchError, PunchMessageError } from "./errors.js";
export { BirthdayGate } from "./gate.js";
export { kindName, NAT_KINDS, type NatKind, natKind, type PunchNat } from "./kind.js";
export {
	type PlanOptions,
	type PunchPlan,
	type PunchRule,
	planPunch,
	type RelayRule,
	type SidePlan,
} from "./plan.js";
export { punchTcp, punchUdp } from "./punch.js";
export type {
	PunchChannel,
	PunchDeps,
	PunchFailure,
	PunchOptions,
	PunchReport,
	PunchSuccess,
	PunchTcpDeps,
	PunchTcpOptions,
	PunchUdpDeps,
	PunchUdpOptions,
	TcpObservation,
	TcpPunchResult,
	UdpPunchResult,
} from "./types.js";
