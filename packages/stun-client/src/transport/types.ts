import type { Clock, Endpoint, RandomBytes } from "@p2pd/net";
import type { AttributeKind } from "../codec/attributes.js";
import type { AttributeInput, IntegrityOptions, StunMessage } from "../codec/types.js";
import type { ExpectedSource, RtoTable } from "./transactions.js";

/** One request over a {@link StunTransport}. */
export interface StunRequestOptions {
	/** The server. Over a connection it must be the one at the other end. */
	readonly to: Endpoint;
	/** Where the answer may come from. UDP only. @default `to` */
	readonly expectFrom?: ExpectedSource;
	/** 0 to 0xfff. @default 1 (Binding) */
	readonly method?: number;
	/** Ask for the answer from the server's other IP. UDP only. @default false */
	readonly changeIp?: boolean;
	/** Ask for the answer from the server's other port. UDP only. @default false */
	readonly changePort?: boolean;
	/** Further attributes. */
	readonly attributes?: readonly AttributeInput[];
	/** Attributes of an extension that the answer may have: see `decodeMessage`. @default none */
	readonly understands?: readonly AttributeKind<unknown, never>[];
	/** Write an RFC 3489 message, with an id of 16 bytes. @default false */
	readonly classic?: boolean;
	readonly integrity?: IntegrityOptions;
	/** Append FINGERPRINT. @default false */
	readonly fingerprint?: boolean;
	/**
	 * Milliseconds after the start for each send. UDP only. @default RFC 8489's, with the retransmission time learned for
	 * the server
	 */
	readonly schedule?: readonly number[];
	/** Milliseconds after which the request is given up. @default 39500 for an unknown server, or what the schedule gives */
	readonly giveUpAfter?: number;
	/** The round trip in ms that the caller measured on this path. It sets the retransmission time. UDP only. */
	readonly rtt?: number;
	/** A last check of an answer. An answer that it refuses counts as never received. */
	readonly accept?: (message: StunMessage) => boolean;
	readonly signal?: AbortSignal;
}

/** An answer. It may be an error response: see its `class`. */
export interface StunReply {
	readonly message: StunMessage;
	/** The sender of the answer. */
	readonly from: Endpoint;
	/** Milliseconds since the last send. Certain only when `sends` is 1. */
	readonly rtt: number;
	/** How often the request had been sent. */
	readonly sends: number;
	/** When it arrived, on the clock given. */
	readonly at: number;
}

/** Replies that a StunSocket received and did not accept. */
export interface StunSocketCounts {
	/** Replies to running requests from a source that was not asked. */
	readonly wrongSource: number;
	/** Replies to finished requests. */
	readonly late: number;
	/** Replies to running requests that are malformed, of the wrong class or method, or refused by `accept`. */
	readonly refused: number;
}

/** Carries requests to servers: a UDP socket, or a connection to one server. */
export interface StunTransport {
	/** The local address. */
	local(): Endpoint;
	/** @throws {StunError} ERR_STUN_TIMEOUT, _NETWORK, _CLOSED, _CONFIG, _ENCODE; the signal's reason when it aborts */
	request(options: StunRequestOptions): Promise<StunReply>;
	/** Detaches from the socket. Running requests fail with ERR_STUN_CLOSED. */
	close(): void;
}

/** What the environment supplies to a transport. */
export interface StunTransportDeps {
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
	/** @default the system's cryptographic source */
	readonly random?: RandomBytes;
	/** Where retransmission times are learned. UDP only. @default one of its own */
	readonly rtoTable?: RtoTable;
}
