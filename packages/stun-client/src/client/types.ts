import type { NamedAttribute, RawAttribute, StunMessage } from "../codec/types.js";
import type { HostPort, StreamSockets, UdpSocket, UdpSockets } from "../types.js";

/** What a server speaks. */
export type StunDialect = "rfc8489" | "rfc3489";

/** What a server sees of a socket. */
export interface StunMapping {
	/** The address that the socket is bound to. */
	readonly local: HostPort;
	/** The address that the server saw. */
	readonly mapped: HostPort;
	/** The server that was asked; after a redirection, the one that answered. */
	readonly server: HostPort;
	/** Milliseconds. Certain only when `sends` is 1. */
	readonly rtt: number;
	/** How often the request was sent. */
	readonly sends: number;
	/** What the answer shows the server to speak. */
	readonly dialect: StunDialect;
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
	/** Its name, which a TLS certificate must be for. @default the IP */
	readonly host?: string;
}

/** Long-term credentials (RFC 8489 section 9.2). */
export interface StunCredentials {
	readonly username: string;
	readonly password: string;
}

/** How a TLS server is verified. It is always verified. */
export interface StunTlsOptions {
	/** Certificates to trust, PEM. @default Node's own */
	readonly ca?: string | Buffer | readonly (string | Buffer)[];
	/** The name that the certificate must be for. @default the server's `host`, or its IP */
	readonly servername?: string;
}

/** What a {@link StunClient} is made of. */
export interface StunClientOptions {
	/** A socket factory, or a bound UDP socket of yours whose mapping is wanted. */
	readonly sockets: UdpSockets | StreamSockets | UdpSocket;
	readonly server: ClientServer;
	/** @default "udp" */
	readonly transport?: "udp" | "tcp" | "tls";
	/**
	 * "rfc3489" writes messages as that RFC has them; "auto" starts as RFC 8489 has them and, while nobody answers
	 * or the answer is an error, tries the other form too; it stays with what worked. @default "rfc8489"
	 */
	readonly mode?: StunDialect | "auto";
	/** For servers that ask who it is. */
	readonly credentials?: StunCredentials;
	/** For `transport: "tls"`. */
	readonly tls?: StunTlsOptions;
	/** Others read the given UDP socket too: replies are kept from them. @default true for a socket, false for a factory */
	readonly attached?: boolean;
	/**
	 * Connect the UDP socket of a factory to the server: ICMP errors then end a request at once, and change requests
	 * get no answer. @default false
	 */
	readonly connected?: boolean;
	/** Append FINGERPRINT to requests. @default false */
	readonly fingerprint?: boolean;
	/** Milliseconds for one answer, redirections and authentication included. @default 3000 */
	readonly timeout?: number;
	/** Follow a server that sends its clients elsewhere (300). @default true */
	readonly followAlternate?: boolean;
}

/** One request of a {@link StunClient}. */
export interface ClientRequestOptions {
	/** Ask for the answer from the server's other IP. @default false */
	readonly changeIp?: boolean;
	/** Ask for the answer from the server's other port. @default false */
	readonly changePort?: boolean;
	/** Further attributes. */
	readonly attributes?: readonly (NamedAttribute | RawAttribute)[];
	/** The round trip in ms that you measured on this path; sets the retransmission time. @default what was learned */
	readonly rtt?: number;
	/** Milliseconds for the answer. @default the client's */
	readonly timeout?: number;
	readonly signal?: AbortSignal;
}
