import type { Resolver } from "@p2pd/address";
import type { Clock, Endpoint, Family, RandomBytes, SocketFactory } from "@p2pd/net";

/** Long-term credentials (RFC 8489 section 9.2). */
export interface TurnCredentials {
	readonly username: string;
	readonly password: string;
}

/**
 * Credentials, or a function that gives them. The function is called for each allocation, and again when the server
 * no longer accepts what it gave: short-lived credentials of a REST service are renewed so.
 */
export type TurnCredentialSource = TurnCredentials | (() => TurnCredentials | Promise<TurnCredentials>);

/** How packets reach the server. */
export type TurnTransport = "udp" | "tcp" | "tls";

/** A server by its parts. */
export interface TurnServer {
	/** A name or an IP address. A TLS certificate must be for it. */
	readonly host: string;
	/** @default 3478, or 5349 over TLS */
	readonly port?: number;
}

/** How the certificate of a server over TLS is verified. It always is. */
export interface TurnTlsOptions {
	/** Certificates to trust, PEM. @default Node's own */
	readonly ca?: string | Buffer | readonly (string | Buffer)[];
	/** The name that the certificate must be for. @default the server's host */
	readonly servername?: string;
}

/** What {@link turnRoute} is told. */
export interface TurnRouteOptions {
	/**
	 * `host`, `host:port`, a URI (RFC 7065) such as `turn:relay.example:3478?transport=tcp` or `turns:relay.example`, or
	 * the parts. Names are resolved for the underlying sockets.
	 */
	readonly server: string | TurnServer;
	/** @default what the URI says, else "udp" */
	readonly transport?: TurnTransport;
	readonly credentials: TurnCredentialSource;
	/** Where the sockets to the server come from: a bound route, or any other socket factory. */
	readonly sockets: SocketFactory;
	/** For "tls". */
	readonly tls?: TurnTlsOptions;
	/**
	 * What the first allocation is for: "udp" for the first `udp()`, "tcp" for the first `connect()` or `listen()`, which
	 * needs TCP allocations (RFC 6062) of the server. @default "udp"
	 */
	readonly first?: "udp" | "tcp";
	/** Family of the relayed address (REQUESTED-ADDRESS-FAMILY). @default that of `sockets` */
	readonly family?: Family;
	/**
	 * Also ask for a relayed address of the other family (ADDITIONAL-ADDRESS-FAMILY). `route.other` is null if the
	 * server has none. @default false
	 */
	readonly bothFamilies?: boolean;
	/**
	 * Ask for an even relayed port (EVEN-PORT). "pair" also reserves the next port, for a route that is opened with
	 * `route.reservationToken` within 30 s. @default false
	 */
	readonly evenPort?: boolean | "pair";
	/** Take the port that another route has reserved: 8 bytes. */
	readonly reservationToken?: Uint8Array;
	/** Relay IPv4 datagrams with the don't-fragment bit. They then never use channels, which cannot say so. @default false */
	readonly dontFragment?: boolean;
	/** Milliseconds between refreshes while nothing else is asked; they keep NATs open and notice a restart. @default 25000 */
	readonly keepAlive?: number;
	/** Milliseconds for opening an allocation, from the name's lookup to the server's answer. @default 10000 */
	readonly timeout?: number;
	/** Stops the opening. A route that was opened is closed by `close()`. */
	readonly signal?: AbortSignal;
}

/** What the environment supplies to {@link turnRoute}. */
export interface TurnDeps {
	/** @default `systemClock` */
	readonly clock?: Clock;
	/** For transaction ids. @default `systemRandom` */
	readonly random?: RandomBytes;
	/** Finds the server's addresses. @default `resolveHost` of `@p2pd/address` */
	readonly resolve?: Resolver;
}

/** What an allocation is, as the server granted it. */
export interface TurnAllocationInfo {
	/** The relayed addresses: one, or one of each family. */
	readonly relayed: readonly Endpoint[];
	/** The client's address as the server sees it; null if it does not say. */
	readonly mapped: Endpoint | null;
	/** Milliseconds that were granted; it is refreshed long before. */
	readonly lifetime: number;
	/** For the next port, if that was reserved. */
	readonly reservationToken: Buffer | null;
}
