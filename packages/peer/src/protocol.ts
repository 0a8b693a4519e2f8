/**
 * The parts that connections between nodes are made of: sealed messages, the mailbox that refuses old and forged ones, and
 * the key of a connection. Programs need none of it; `@p2pd/signal` and `@p2pd/node` do. Pure: no socket is opened and no
 * clock is read.
 *
 * @packageDocumentation
 */
export { signalUrlProblem } from "./address/codec.js";
export {
	type ConnectionShares,
	connectionKey,
	type Hello,
	helloKey,
	readHello,
	sealHello,
} from "./connection-key.js";
export { DatagramCipher, type DatagramSecrets, EphemeralKey } from "./datagram/cipher.js";
export {
	CONNECTION_BYTES,
	COOKIE_BYTES,
	connectionOf,
	DATA,
	DATA_OVERHEAD_BYTES,
	decodeHello,
	decodeRetry,
	decodeWelcome,
	encodeHello,
	encodeRetry,
	encodeWelcome,
	HELLO,
	type HelloDatagram,
	isProven,
	RETRY,
	WELCOME,
} from "./datagram/codec.js";
export { DatagramCookies } from "./datagram/cookies.js";
export { verifySignature } from "./identity.js";
export { nodeIdOf } from "./keys.js";
export { Mailbox, type MailboxOptions, type Receipt } from "./message/mailbox.js";
export {
	MAX_BODY_BYTES,
	type MessageFields,
	type OpenedMessage,
	openMessage,
	sealMessage,
} from "./message/seal.js";
