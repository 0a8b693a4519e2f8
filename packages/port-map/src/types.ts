import type { Clock, Endpoint, RandomBytes, SocketFactory } from "@p2pd/net";

/** What is forwarded. */
export type PortMapProtocol = "tcp" | "udp";

/** How a router is asked: PCP (RFC 6887), NAT-PMP (RFC 6886), or UPnP IGD 1 and 2. */
export type PortMapMethod = "pcp" | "nat-pmp" | "upnp";

/** What the user tunes. */
export interface MapPortOptions {
	readonly protocol: PortMapProtocol;
	/** The local port that connections or datagrams are forwarded to, 1 to 65535. */
	readonly internalPort: number;
	/** The external port to ask for; the router may give another. @default the internal port */
	readonly externalPort?: number;
	/** How long the router is asked to keep the mapping, in ms; it is renewed at half of what the router grants. @default 7200000 */
	readonly lifetime?: number;
	/** Which protocols to ask. @default all */
	readonly methods?: readonly PortMapMethod[];
	/** How long to wait for the first answer before the result is "no-answer", in ms. @default 500 */
	readonly timeout?: number;
	/** How long a later answer is still taken (see `later` in the result), in ms. @default 3000 */
	readonly patience?: number;
	/** How often the router is asked whether it has restarted and forgotten the mapping, in ms. @default 5000 */
	readonly checkInterval?: number;
	readonly signal?: AbortSignal;
}

/** What the environment supplies. */
export interface MapPortDeps {
	/** The router's address on the NIC: an IP literal of the family of `sockets`, with `%zone` if it is link-local. */
	readonly gateway: string;
	/** Sockets that leave by the NIC. */
	readonly sockets: Pick<SocketFactory, "af" | "localIp" | "udp" | "connect">;
	/** @default the system's clock */
	readonly clock?: Clock;
	/** For nonces and for other external ports. @default the system's cryptographic source */
	readonly random?: RandomBytes;
	/**
	 * Reaches the mapped port from outside, where something can: a STUN server's changed port, or a peer. What it
	 * says is the mapping's `verified`. @default nothing is checked
	 */
	readonly verify?: (mapping: VerifyRequest, signal: AbortSignal) => Promise<PortMapVerified>;
	/** What worked on which network. @default one for this process */
	readonly memory?: PortMapMemory;
}

/** A mapping to be reached from outside. */
export interface VerifyRequest {
	readonly protocol: PortMapProtocol;
	readonly external: Endpoint;
	readonly internalPort: number;
}

/** Whether the mapped port was reached from outside. */
export type PortMapVerified = "yes" | "no" | "not-checked";

/** Remembers which method worked with which gateway, so that it is asked first. A `Map` is one. */
export interface PortMapMemory {
	get(gateway: string): PortMapMethod | undefined;
	set(gateway: string, method: PortMapMethod): unknown;
}

/** What the external address of a mapping is good for. */
export type ExternalReach =
	/** Globally routable. */
	| "public"
	/** Private or shared (RFC 1918, RFC 6598): there is another NAT behind the router. */
	| "second-nat"
	/** The router gave no usable address. */
	| "unknown";

/** What became of one method. */
export interface PortMapAttempt {
	readonly method: PortMapMethod;
	readonly outcome: "mapped" | "no-answer" | "refused" | "failed" | "not-tried";
	/** The protocol's own code: a PCP or NAT-PMP result code, a UPnP error code; null where there is none. */
	readonly code: number | null;
	/** Printable. */
	readonly reason: string;
}

/** What a router granted. */
export interface Grant {
	readonly method: PortMapMethod;
	readonly external: Endpoint;
	/** In ms; Infinity for a mapping that stays until it is deleted. */
	readonly lifetime: number;
}

/** A router refused, or its answer makes no sense. `retry` says whether a later attempt may do better. */
export interface Refusal {
	readonly outcome: "refused" | "failed" | "no-answer";
	readonly code: number | null;
	readonly reason: string;
}
