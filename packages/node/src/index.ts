/**
 * A node with an address that other nodes connect to, through NATs, encrypted and authenticated from end to end.
 *
 * @packageDocumentation
 */
export {
	NodeArgumentError,
	NodeConnectError,
	NodeError,
	NodeHandshakeError,
	NodeListenError,
	NodeLostError,
	NodeStateError,
} from "./errors.js";
export type { NodeNetwork, NodeRouter } from "./network.js";
export type { NodeObserver } from "./observe.js";
export { type NodeDeps, P2PNode } from "./p2p-node.js";
export type { SecureLink } from "./secure/link.js";
export type { NodeChannel, NodePlan, NodeSession, NodeStrategy, NodeWay } from "./strategies/types.js";
export type * from "./types.js";
