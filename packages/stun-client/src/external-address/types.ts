import type { Resolver } from "@p2pd/address";
import type { Clock, Endpoint, RandomBytes, UdpSockets } from "@p2pd/net";
import type { StunServerMemory } from "../servers/memory.js";
import type { StunServerInput, StunServerSpec } from "../servers/types.js";

/** One server's answer. */
export interface ExternalAddressVote {
	readonly server: Endpoint;
	/** The external address that it saw. */
	readonly ip: string;
	readonly port: number;
	/** Milliseconds. */
	readonly rtt: number;
}

/** A server without a valid answer. */
export interface ExternalAddressFailure {
	/** Its address, or its name if that could not be resolved. */
	readonly server: Endpoint | StunServerSpec;
	readonly error: unknown;
}

/** The outcome of asking several servers. */
export type ExternalAddressStatus =
	/** A strict majority of the servers asked agrees. */
	| "agreed"
	/** Only one server could be counted, so nothing confirms its answer. */
	| "single-server"
	/** The answers differ and none has a strict majority, or too few agree. No address is given. */
	| "disputed"
	/** No server answered. */
	| "unreachable";

/** An external address with all the evidence for it. */
export interface ExternalAddress {
	readonly status: ExternalAddressStatus;
	/** The address; null if the status is "disputed" or "unreachable". */
	readonly ip: string | null;
	/** Whether `ip` is not globally routable. Such an address is accepted only from servers that are not public either. */
	readonly nonPublic: boolean;
	/** How many servers were asked. */
	readonly asked: number;
	/** All valid answers, in the order of their arrival. */
	readonly votes: readonly ExternalAddressVote[];
	/** The answers that differ from `ip`; all of them if `ip` is null. */
	readonly dissent: readonly ExternalAddressVote[];
	readonly failures: readonly ExternalAddressFailure[];
	/** The outcome in words. */
	readonly reason: string;
}

/** Options of `observeExternalAddress`. */
export interface ObserveExternalAddressOptions {
	/** The servers to choose from. */
	readonly servers: readonly StunServerInput[];
	/** How many answers must agree, besides being a strict majority. @default 2 */
	readonly minAgree?: number;
	/** How many servers to ask at most. @default all of them, if they disagree or do not answer */
	readonly maxServers?: number;
	/** Milliseconds for everything. @default 3000 */
	readonly timeout?: number;
	readonly signal?: AbortSignal;
}

/** What the environment supplies to `observeExternalAddress`. */
export interface ObserveExternalAddressDeps {
	/** The sockets whose external address is wanted. */
	readonly sockets: UdpSockets;
	/** Looks the servers' names up. @default `resolveHost` of `@p2pd/address`, through the same sockets */
	readonly resolver?: Resolver;
	/** What is known about the servers. @default the memory of this process */
	readonly memory?: StunServerMemory;
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
	/** @default the system's cryptographic source */
	readonly random?: RandomBytes;
}
