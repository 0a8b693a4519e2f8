/**
 * Private: the laboratory. An in-memory network, and real NATs in network namespaces.
 *
 * @packageDocumentation
 */

export {
	deadServer,
	doublingServer,
	errorServer,
	garbageServer,
	lyingServer,
	otherAddressServer,
	slowServer,
	unchangingServer,
	wrongSourceServer,
	wrongTransactionServer,
} from "./memory/bad-servers.js";
export { type BuildOptions, buildNetwork } from "./memory/build-network.js";
export {
	ClockError,
	SystemError,
	type SystemErrorCode,
	TestnetError,
	TopologyError,
} from "./memory/errors.js";
export type { Watcher } from "./memory/fabric.js";
export type { Gateway } from "./memory/gateway/gateway.js";
export type { Nat, NatMapping } from "./memory/gateway/nat.js";
export type { Host } from "./memory/host.js";
export { ManualClock } from "./memory/manual-clock.js";
export type { MemoryNetwork } from "./memory/network.js";
export type { Cable } from "./memory/nic.js";
export type { DropReason, IcmpPacket, Packet, PacketEvent, TcpPacket, UdpPacket } from "./memory/packet.js";
export {
	ALLOCATIONS,
	AWS_NAT_GATEWAY,
	CARRIER_GRADE,
	DEPENDENCES,
	GCP_CLOUD_NAT,
	HOME_FULL_CONE,
	IPV6_HOME_FIREWALL,
	LINUX_FULLY_RANDOM,
	LINUX_MASQUERADE,
	MOBILE,
	NAT_CELLS,
	NAT_PRESETS,
	PFSENSE,
	type Preset,
	SYMMETRIC_UDP_FIREWALL,
} from "./memory/presets.js";
export { buildScene, type Scene, type SceneParts, type ServerFault } from "./memory/scene.js";
export {
	type BusyOptions,
	keepBusy,
	oneGateway,
	type PairSide,
	type SceneOptions,
	stunServers,
	type TwoGatewaysOptions,
	twoGateways,
} from "./memory/scenes.js";
export { SeededRandom } from "./memory/seeded-random.js";
export type { ServiceMakers, ServicePlace } from "./memory/services.js";
export type {
	Clock,
	ConnectOptions,
	DatagramHandler,
	Family,
	HostPort,
	ListenOptions,
	Random,
	Reply,
	RouteNic,
	SocketFactory,
	UdpOptions,
} from "./memory/types.js";
export type { UdpSocket } from "./memory/udp-socket.js";
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
