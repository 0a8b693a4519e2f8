import type { Resolver } from "@p2pd/address";
import type { Clock, Endpoint, Family, RandomBytes, StreamSocket, UdpSocket } from "@p2pd/net";
import type { NatPortRange } from "./nat-info.js";
import type { DeltaType, NatType } from "./nat-types.js";

/** What a mapping or a filter depends on (RFC 4787 sections 4.1 and 5). */
export type NatDependence = "endpoint-independent" | "address-dependent" | "address-and-port-dependent";

/**
 * How a NAT maps: `none` where nothing is translated, `varies` where it depends on the destination and no server
 * could show on what, `unknown` where the answers do not suffice.
 */
export type NatMapping = NatDependence | "none" | "varies" | "unknown";

/**
 * Whose datagrams are let in: `not-checked` where no server was able to test it, `unknown` where a test was made and
 * proves nothing.
 */
export type NatFiltering = NatDependence | "unknown" | "not-checked";

/** The part of a socket factory that discovery needs: a bound route, `kernelRoute(af)` or an in-memory host. */
export interface NatSockets {
	readonly af: Family;
	/** What the sockets are bound to; "0.0.0.0" or "::" where the kernel chooses. */
	readonly localIp: string;
	/** A bound UDP socket. */
	udp(options?: { port?: number; signal?: AbortSignal }): Promise<UdpSocket>;
	/** A connected TCP socket; without it the TCP mapping is not checked. */
	connect?(options: {
		ip: string;
		port: number;
		localPort?: number;
		reuse?: boolean;
		signal?: AbortSignal;
	}): Promise<StreamSocket>;
}

/**
 * A STUN server by name or address. A name is resolved first. Servers with `features` (a `StunServerSpec` of
 * `@p2pd/stun-client` has them) are known to answer from a second address, and are asked before the others.
 */
export type NatServer =
	| Endpoint
	| { readonly host: string; readonly port: number; readonly features?: readonly string[] }
	| string;

/** What the caller tunes. */
export interface NatOptions {
	/** The servers to ask. */
	readonly servers: readonly NatServer[];
	/** Give a verdict by then, in ms. @default 5000 */
	readonly timeout?: number;
	/**
	 * How many servers are asked at once, 1 to 16. More are asked where answers differ, where servers are silent, and
	 * where fewer than two of those asked can test filtering. @default 5
	 */
	readonly maxServers?: number;
	/** Find out how ports are picked. @default true */
	readonly delta?: boolean;
	/** Find out whether own external endpoints are reachable from inside. @default true */
	readonly hairpinning?: boolean;
	/** Find out how TCP is mapped, where `sockets` can connect. @default true */
	readonly tcp?: boolean;
	/** What the router says its external address is (UPnP, NAT-PMP, PCP), if somebody asked it. */
	readonly routerAddress?: string;
	/** An earlier report: the new one then says what changed. */
	readonly previous?: Pick<NatReport, "type" | "mapping" | "filtering" | "delta" | "externalIps">;
	readonly signal?: AbortSignal;
}

/** What the environment supplies. */
export interface NatDeps {
	/** Where the sockets come from. */
	readonly sockets: NatSockets;
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
	/** @default the system's cryptographic random source */
	readonly random?: RandomBytes;
	/** Finds the addresses of a server's name. @default `resolveHost` of `@p2pd/address` */
	readonly resolve?: Resolver;
}

/** How a NAT picks ports, as far as it could be told. */
export interface NatDelta {
	readonly type: DeltaType | "unknown";
	/** The step of types 4 and 5; otherwise 0. */
	readonly value: number;
}

/** "yes" was seen, "no-answer" was tried, "not-checked" was not, "not-applicable" has no meaning here. */
export type NatSeen = "yes" | "no-answer" | "not-checked" | "not-applicable";

/** One datagram that discovery sent. */
export interface NatSendEvidence {
	/** Milliseconds since the start. */
	readonly at: number;
	readonly answered: boolean;
}

/** One probe with what became of it. */
export interface NatProbeEvidence {
	/** E.g. `map:0:primary`: socket's role, server's number, address asked. */
	readonly id: string;
	/** Index in `evidence.servers`. */
	readonly server: number;
	readonly from: Endpoint | null;
	readonly to: Endpoint;
	/** What CHANGE-REQUEST asked for. */
	readonly change: "none" | "address-and-port" | "port";
	readonly sends: readonly NatSendEvidence[];
	readonly result: "answered" | "silent" | "unfinished" | "failed";
	/** What came back. */
	readonly answer: {
		readonly at: number;
		readonly rtt: number;
		readonly from: Endpoint;
		readonly mapped: Endpoint | null;
		readonly errorStatus: number | null;
	} | null;
	/** Why the socket or the send failed. */
	readonly failure: string | null;
}

/** What was found out of one server. */
export interface NatServerEvidence {
	readonly ip: string;
	readonly port: number;
	/** Its other address (OTHER-ADDRESS, CHANGED-ADDRESS), where it makes sense. */
	readonly alternate: Endpoint | null;
	readonly standing: "trusted" | "suspect" | "silent" | "undecided";
	/** Round trip in ms. */
	readonly rtt: number | null;
	/** What it cannot be used for, and why. */
	readonly problems: readonly string[];
	/** What it says of the mapping. */
	readonly mappingVote: NatMapping | "none-cast";
	/** What its changed replies say of the filtering. */
	readonly filteringVote: NatDependence | "none-cast";
}

/** How servers agreed on the mapping. */
export interface NatAgreement {
	readonly asked: number;
	readonly agreed: number;
	readonly needed: number;
	readonly dissent: boolean;
}

/** Everything that a verdict rests on. */
export interface NatEvidence {
	readonly servers: readonly NatServerEvidence[];
	readonly probes: readonly NatProbeEvidence[];
	/** The samples of the port train in the order in which they were sent. */
	readonly train: readonly NatTrainSample[];
}

/** One new mapping of the port train. */
export interface NatTrainSample {
	readonly index: number;
	/** Local ports stand apart in part 1 and follow one another in part 2. */
	readonly part: 1 | 2;
	readonly local: number;
	/** The mapped port, or null if no answer came. */
	readonly mapped: number | null;
	/** The first send was answered, so the NAT made the mapping in its turn. */
	readonly inOrder: boolean;
}

/** How TCP is mapped. */
export interface NatTcp {
	readonly mapping: "none" | "endpoint-independent" | "varies" | "unknown" | "not-checked";
	readonly reason: string;
	readonly external: Endpoint | null;
}

/** What hints at more than one NAT. */
export interface DoubleNatHint {
	readonly verdict: "likely" | "no-sign";
	readonly reasons: readonly string[];
}

/** What differs from an earlier report. */
export interface NatChange {
	readonly field: "type" | "mapping" | "filtering" | "delta" | "externalIps";
	readonly before: string;
	readonly after: string;
}

/** How long an idle mapping lives. */
export interface NatLifetime {
	/** The longest silence in ms that a mapping survived, and the shortest that it did not; null where not seen. */
	readonly atLeast: number | null;
	readonly lessThan: number | null;
	readonly status: "measured" | "not-checked" | "unknown";
	readonly reason: string;
}

/** The verdict on the NAT of one family, with its evidence. It is plain data and goes through JSON unchanged. */
export interface NatReport {
	readonly schema: "p2pd/nat-report";
	readonly version: 1;
	readonly af: Family;
	/** False in the early results of {@link discoverNatSteps}. */
	readonly final: boolean;
	/** P2PD's number, or "unknown" where the answers do not suffice. */
	readonly type: NatType | "unknown";
	readonly mapping: NatMapping;
	readonly filtering: NatFiltering;
	readonly delta: NatDelta;
	/** What the verdict rests on, for a person. */
	readonly reason: string;
	/**
	 * The type rests on one server: only one was asked, or only one could test the filtering and its changed replies
	 * stayed out. No other server could contradict it.
	 */
	readonly singleServer: boolean;
	readonly agreement: NatAgreement;
	/** The mapping socket's local end; the IP is null where the kernel would not tell. */
	readonly local: { readonly ip: string | null; readonly port: number } | null;
	/** The mapping socket as the servers see it, where mappings do not vary. */
	readonly external: Endpoint | null;
	/** Every external IP that trusted servers saw. */
	readonly externalIps: readonly string[];
	/** Lowest and highest external port that was seen. */
	readonly observedPorts: NatPortRange | null;
	/** Whether one inside address kept one external address (RFC 4787 REQ-2). */
	readonly pooling: "paired" | "arbitrary" | "not-checked" | "not-applicable";
	/** Whether the external port was the local one. */
	readonly portPreservation: "yes" | "sometimes" | "no" | "not-checked" | "not-applicable";
	/** Whether inside hosts reach each other by external endpoints (RFC 4787 section 6). */
	readonly hairpinning: NatSeen;
	readonly lifetime: NatLifetime;
	readonly tcp: NatTcp;
	/** An address of the carrier's shared space (100.64.0.0/10) was seen. */
	readonly sharedAddressSpace: boolean;
	readonly doubleNat: DoubleNatHint;
	/** Null where no earlier report was given. */
	readonly changes: readonly NatChange[] | null;
	/** Datagrams sent. */
	readonly datagrams: number;
	/** Milliseconds from the start to this verdict. */
	readonly elapsed: number;
	readonly evidence: NatEvidence;
}
