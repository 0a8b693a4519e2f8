/**
 * Who a node is: keys, the signed address that is given to others, sealed messages, and the key of a connection. Pure:
 * no socket is opened and no clock is read.
 *
 * @packageDocumentation
 */

export { signalUrlProblem } from "./address/codec.js";
export { parseP2pdAddress, readAddress } from "./address/p2pd-text.js";
export { PeerAddress } from "./address/peer-address.js";
export {
	type ConnectionShares,
	connectionKey,
	type Hello,
	helloKey,
	readHello,
	sealHello,
} from "./connection-key.js";
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
	verifySignature,
} from "./identity.js";
export { loadIdentity, saveIdentity } from "./identity-file.js";
export { isNodeId, nodeIdOf } from "./keys.js";
export { Mailbox, type MailboxOptions, type Receipt } from "./message/mailbox.js";
export {
	MAX_BODY_BYTES,
	type MessageFields,
	type OpenedMessage,
	openMessage,
	sealMessage,
} from "./message/seal.js";
export type * from "./types.js";
