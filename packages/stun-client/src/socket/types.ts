import type { IntegrityOptions, NamedAttribute, RawAttribute, StunMessage } from "../codec/types.js";
import type { ExpectedSource } from "../transactions/types.js";
import type { HostPort } from "../types.js";

/** One Binding request over UDP. */
export interface StunRequestOptions {
	/** Where it goes. */
	readonly to: HostPort;
	/** From where the answer may come. @default `to` */
	readonly expectFrom?: ExpectedSource;
	/** Ask for the answer from the server's other IP. @default false */
	readonly changeIp?: boolean;
	/** Ask for the answer from the server's other port. @default false */
	readonly changePort?: boolean;
	/** Further attributes. */
	readonly attributes?: readonly (NamedAttribute | RawAttribute)[];
	/** Write an RFC 3489 message, with an id of 16 bytes. @default false */
	readonly classic?: boolean;
	readonly integrity?: IntegrityOptions;
	/** Append FINGERPRINT. @default false */
	readonly fingerprint?: boolean;
	/** Milliseconds after the start of each send. @default RFC 8489's, with the retransmission time learned for the server */
	readonly schedule?: readonly number[];
	/** Milliseconds after which it is given up. @default 39500 with an unknown server, or what the schedule gives */
	readonly giveUpAfter?: number;
	/** The round trip in ms that the caller measured on this path: sets the retransmission time. */
	readonly rtt?: number;
	/** A last look at an answer; what it refuses is taken as never received. */
	readonly accept?: (message: StunMessage) => boolean;
	readonly signal?: AbortSignal;
}

/** An answer, which may be an error response: see its `class`. */
export interface StunReply {
	readonly message: StunMessage;
	/** Where it came from. */
	readonly from: HostPort;
	/** Milliseconds since the last send. Certain only when `sends` is 1. */
	readonly rtt: number;
	/** How often the request had been sent. */
	readonly sends: number;
	/** When it came, on the clock given. */
	readonly at: number;
}

/** What a socket saw beside the replies that counted. */
export interface StunSocketCounts {
	/** Replies with an id of ours from a source that was not asked. */
	readonly wrongSource: number;
	/** Replies to requests that were over. */
	readonly late: number;
	/** Messages with an id of ours that are malformed, of the wrong class, or were refused by `accept`. */
	readonly refused: number;
}

/** Carries Binding requests to a server: a UDP socket, or a connection. */
export interface StunTransport {
	/** The address that the socket is bound to. */
	local(): HostPort;
	/** @throws {StunError} ERR_STUN_TIMEOUT, _NETWORK, _CLOSED; the signal's reason when it was aborted */
	request(options: StunRequestOptions): Promise<StunReply>;
	/** Leaves the socket; requests under way fail with ERR_STUN_CLOSED. */
	close(): void;
}
