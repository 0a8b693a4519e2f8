/**
 * Private: the laboratory. An in-memory network, and real NATs in network namespaces.
 *
 * @packageDocumentation
 */
export type {
	Dependence,
	FirewallSpec,
	GatewaySpec,
	GatewayTopology,
	HostTopology,
	LinkSpec,
	NatSpec,
	NicTopology,
	OneToOneSpec,
	OutsideTopology,
	PortAllocation,
	PrefixTranslationSpec,
	RouterSpec,
	ServiceTopology,
	Topology,
} from "./topology.js";
