import type { Lookup } from "../servers/resolve.js";
import type { StunServerSpec } from "../servers/types.js";
import type { HostPort, StunDeps, UdpSockets } from "../types.js";
import type { ServerStanding } from "./standing.js";

/** One server's answer. */
export interface Vote {
	readonly server: HostPort;
	/** The external address that it saw. */
	readonly ip: string;
	readonly port: number;
	/** Milliseconds. */
	readonly rtt: number;
}

/** A server that gave no answer that counts. */
export interface VoteFailure {
	/** Its address, or the name that could not be resolved. */
	readonly server: HostPort | StunServerSpec;
	readonly error: unknown;
}

/** What the answers come to. */
export type AgreementStatus =
	/** As many as were asked for agree, and no majority of those asked says otherwise. */
	| "agreed"
	/** One server alone answered; nobody confirms it. */
	| "single-server"
	/** The answers differ and none has the majority of those asked, or too few agree. No address is given. */
	| "disputed"
	/** Nobody answered. */
	| "unreachable";

/** An external address as servers agree on it, with all that was said. */
export interface ExternalAddress {
	readonly status: AgreementStatus;
	/** The address, or null where it is disputed or nobody answered. */
	readonly ip: string | null;
	/** True when `ip` is not globally routable; it comes from servers that are themselves not public. */
	readonly nonPublic: boolean;
	/** How many servers were asked. */
	readonly asked: number;
	/** All answers, in the order in which they came. */
	readonly votes: readonly Vote[];
	/** The answers that differ from `ip`; all of them where there is none. */
	readonly dissent: readonly Vote[];
	readonly failures: readonly VoteFailure[];
	/** The verdict in words. */
	readonly reason: string;
}

/** How external addresses are observed. */
export interface ObserveOptions {
	/** What the requests leave through. */
	readonly sockets: UdpSockets;
	/** The servers to choose from: addresses, or names to resolve. */
	readonly servers: readonly (StunServerSpec | HostPort)[];
	/** Answers that must agree. @default 2 */
	readonly minAgree?: number;
	/** Servers asked at most. @default 6 */
	readonly maxServers?: number;
	/** Milliseconds for all of it. @default 3000 */
	readonly timeout?: number;
	readonly signal?: AbortSignal;
}

/** What observing needs of its surroundings. */
export interface ObserveDeps extends StunDeps {
	/** @default the resolver of `@p2pd/address`, through the same sockets */
	readonly lookup?: Lookup;
	/** @default what this process has seen of its servers */
	readonly standing?: ServerStanding;
}
