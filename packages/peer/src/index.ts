/**
 * Who a node is: its keys, and the signed address that it gives to others. No socket is opened and no clock is read.
 * `@p2pd/peer/protocol` has what connections are made of.
 *
 * @packageDocumentation
 */
export { readAddress } from "./address/p2pd-text.js";
export { PeerAddress } from "./address/peer-address.js";
export {
	PeerAddressError,
	type PeerAddressProblem,
	PeerArgumentError,
	PeerError,
	PeerIdentityError,
	PeerMessageError,
	type PeerMessageProblem,
} from "./errors.js";
export {
	createIdentity,
	exportIdentity,
	type IdentityJson,
	importIdentity,
	PeerIdentity,
} from "./identity.js";
export { loadIdentity, saveIdentity } from "./identity-file.js";
export { isNodeId } from "./keys.js";
export type * from "./types.js";
