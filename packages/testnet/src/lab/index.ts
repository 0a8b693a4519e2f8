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
export { planLab } from "./plan/plan-lab.js";
export type { DaemonPlan, LabPlan, LinkEnd, NamespacePlan } from "./plan/types.js";
export { LAB_PRESETS } from "./presets/all.js";
export {
	addressRestrictedRouter,
	doubleNat,
	fullConeRouter,
	HOME_IP4,
	homeRouter,
	multiHomed,
	oneToOneCloud,
	PORT_RESTRICTED,
	SECOND_IP4,
	type SecondNic,
	symmetricRouter,
	udpBlocked,
	unfilteredRouter,
} from "./presets/home-routers.js";
export {
	HOME_IP6,
	ipv6Block,
	ipv6Firewall,
	ipv6Only,
	prefixTranslation,
	TRANSLATED_IP6,
} from "./presets/ipv6.js";
export { COTURN, DNS, ECHO, OUTSIDE, STUND } from "./presets/outside.js";
export { peersLab } from "./presets/peers.js";
export { firewalledHost, OPEN_IP4, OPEN_IP6, openInternet, publicBlock } from "./presets/public-hosts.js";
export type * from "./types.js";
