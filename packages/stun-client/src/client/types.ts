import type { Clock, Endpoint, RandomBytes, StreamSockets, UdpSocket, UdpSockets } from "@p2pd/net";
import type { AttributeInput, StunMessage } from "../codec/types.js";
import type { RtoTable } from "../transport/transactions.js";

/** Which RFC a server speaks. */
export type StunDialect = "rfc8489" | "rfc3489";

/** What a server reports about a socket. */
export interface StunMapping {
	/** The local address of the socket. */
	readonly local: Endpoint;
	/** The address that the server saw: the external end of the NAT mapping. */
	readonly mapped: Endpoint;
	/** The server that answered. After a redirection it is not the one that was asked first. */
	readonly server: Endpoint;
	/** Milliseconds since the last send. Certain only if `sends` is 1. */
	readonly rtt: number;
	/** How often the request was sent. */
	readonly sends: number;
	/** What the answer shows the server to speak. */
	readonly dialect: StunDialect;
	/** The server's second address, if it has one: OTHER-ADDRESS, or CHANGED-ADDRESS of RFC 3489. */
	readonly otherAddress?: Endpoint;
	/** The address that the server claims to have answered from: RESPONSE-ORIGIN, or SOURCE-ADDRESS. */
	readonly responseOrigin?: Endpoint;
	/** SOFTWARE, as the server wrote it: pass it through `printable` before you print it. */
	readonly software?: string;
	/** The answer itself. */
	readonly message: StunMessage;
}

/** A server to talk to, by its address. */
export interface StunClientServer extends Endpoint {
	/** Its name, which a TLS certificate must be for. @default the IP */
	readonly host?: string;
}

/** Long-term credentials (RFC 8489 section 9.2). */
export interface StunCredentials {
	readonly username: string;
	readonly password: string;
}

/** TLS options. The server's certificate is always verified. */
export interface StunTlsOptions {
	/** Certificates to trust, in PEM. @default Node's own */
	readonly ca?: string | Buffer | readonly (string | Buffer)[];
	/** The name that the certificate must be for. @default the server's `host`, or its IP */
	readonly servername?: string;
}

/** Options of a {@link StunClient}. */
export interface StunClientOptions {
	/** The server. `resolveStunServer` finds the IP of a server given by name. */
	readonly server: StunClientServer;
	/** @default "udp" */
	readonly transport?: "udp" | "tcp" | "tls";
	/**
	 * "rfc3489" writes messages as that RFC has them. "auto" starts with RFC 8489 and, while no answer arrives or the
	 * answer is an error, tries RFC 3489 too; it stays with what worked. @default "rfc8489"
	 */
	readonly mode?: StunDialect | "auto";
	/** For servers that require authentication. */
	readonly credentials?: StunCredentials;
	/** For `transport: "tls"`. */
	readonly tls?: StunTlsOptions;
	/**
	 * Other code reads the given UDP socket too: it gets everything except the replies to our requests.
	 * @default true for a socket, false for a factory
	 */
	readonly attached?: boolean;
	/**
	 * Connect the UDP socket of a factory to the server. ICMP errors then end a request at once, and change requests
	 * get no answer. @default false
	 */
	readonly connected?: boolean;
	/** The local port of sockets from a factory; 0 lets the kernel choose. @default the factory's */
	readonly localPort?: number;
	/** Share the local port of a connection with other sockets, as `reuse` of the factory's `connect()` does. @default false */
	readonly reuse?: boolean;
	/** Append FINGERPRINT to requests. @default false */
	readonly fingerprint?: boolean;
	/** Milliseconds for one answer, redirections and authentication included. @default 3000 */
	readonly timeout?: number;
	/**
	 * How many redirections to follow (answers with status 300; RFC 8489 section 10). A server with a public address can
	 * redirect to public addresses only. 0: none. @default 1
	 */
	readonly maxRedirects?: number;
}

/** What the environment supplies to a {@link StunClient}. */
export interface StunClientDeps {
	/** A socket factory, or a bound UDP socket of yours whose mapping you want to know. */
	readonly sockets: UdpSockets | StreamSockets | UdpSocket;
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
	/** @default the system's cryptographic source */
	readonly random?: RandomBytes;
	/** Where retransmission times are learned. @default one of its own */
	readonly rtoTable?: RtoTable;
}

/** Options of one request of a {@link StunClient}. */
export interface StunClientRequestOptions {
	/** Ask for the answer from the server's other IP. UDP only. @default false */
	readonly changeIp?: boolean;
	/** Ask for the answer from the server's other port. UDP only. @default false */
	readonly changePort?: boolean;
	/** Further attributes. @default none */
	readonly attributes?: readonly AttributeInput[];
	/** The round trip in ms that you measured on this path. It sets the retransmission time. @default what was learned */
	readonly rtt?: number;
	/** Milliseconds for the answer. @default the client's */
	readonly timeout?: number;
	readonly signal?: AbortSignal;
}
