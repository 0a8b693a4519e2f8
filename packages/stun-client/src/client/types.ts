import type { NamedAttribute, RawAttribute, StunMessage } from "../codec/types.js";
import type { HostPort, UdpSocket, UdpSockets } from "../types.js";

/** What a server sees of a socket. */
export interface StunMapping {
	/** The address that the socket is bound to. */
	readonly local: HostPort;
	/** The address that the server saw. */
	readonly mapped: HostPort;
	/** The server that was asked. */
	readonly server: HostPort;
	/** Milliseconds. Certain only when `sends` is 1. */
	readonly rtt: number;
	/** How often the request was sent. */
	readonly sends: number;
	/** The server's second address, if it has one: OTHER-ADDRESS, or CHANGED-ADDRESS of RFC 3489. */
	readonly otherAddress?: HostPort;
	/** The address that the server says it answered from: RESPONSE-ORIGIN, or SOURCE-ADDRESS. */
	readonly responseOrigin?: HostPort;
	/** SOFTWARE, as the server calls itself. */
	readonly software?: string;
	/** The answer itself. */
	readonly message: StunMessage;
}

/** A server to talk to. */
export interface ClientServer extends HostPort {
	/** Its name: what a TLS certificate must be for. @default the IP */
	readonly host?: string;
}

/** What a {@link StunClient} is made of. */
export interface StunClientOptions {
	/** A socket factory, or a bound UDP socket of yours whose mapping is wanted. */
	readonly sockets: UdpSockets | UdpSocket;
	readonly server: ClientServer;
	/** Others read the given UDP socket too: replies are kept from them. @default true for a socket, false for a factory */
	readonly attached?: boolean;
	/** Milliseconds for one answer. @default 3000 */
	readonly timeout?: number;
}

/** One request of a {@link StunClient}. */
export interface ClientRequestOptions {
	/** Ask for the answer from the server's other IP. @default false */
	readonly changeIp?: boolean;
	/** Ask for the answer from the server's other port. @default false */
	readonly changePort?: boolean;
	/** Further attributes. */
	readonly attributes?: readonly (NamedAttribute | RawAttribute)[];
	/** Milliseconds for the answer. @default the client's */
	readonly timeout?: number;
	readonly signal?: AbortSignal;
}
