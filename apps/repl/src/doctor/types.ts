import type { Family, NatReport, NicInfo, NicSnapshot, PerFamily } from "@p2pd/core";

/** What the user of the doctor asks for beyond the common options. */
export interface DoctorOptions {
	/** Names to look up instead of those of the STUN servers. */
	readonly name?: readonly string[];
	/** DNS servers to ask directly instead of the system's. */
	readonly dns?: readonly string[];
	/** Ask the system's resolver for RFC 7050's name. */
	readonly nat64?: true;
	/** What the router says its own external address is. */
	readonly routerWan?: string;
}

/** How a finding stands. `unknown`: looked at, and the answers do not tell; `not-checked`: not looked at, and why. */
export type Status = "ok" | "warning" | "fault" | "unknown" | "not-checked";

/** One thing that was looked at. */
export interface Finding {
	/** Stable, for programs: a topic, and the family where there is one (`external.4`). */
	readonly id: string;
	readonly status: Status;
	/** What is the case, in one line. */
	readonly what: string;
	/** What that rests on, a line each. */
	readonly evidence: readonly string[];
	/** What to do about it; null where there is nothing to do. */
	readonly advice: string | null;
}

/** How a lookup of one family ended. `none`: the resolver answered that the name has no such address. */
export type LookupOutcome =
	| { readonly status: "found"; readonly ips: readonly string[] }
	| { readonly status: "none" }
	| { readonly status: "failed"; readonly error: string };

/** One lookup of a name. */
export interface LookupFact {
	readonly name: string;
	readonly af: Family;
	/** `system`: as every program looks names up; `direct`: asked of one DNS server by ourselves. */
	readonly way: "system" | "direct";
	/** The DNS server that was asked; null for the system's way. */
	readonly server: string | null;
	readonly outcome: LookupOutcome;
	/** In ms. */
	readonly took: number;
}

/** What became of one STUN request. `refused`: the host answered that nothing listens there. */
export type StunOutcome =
	| { readonly status: "answered"; readonly mapped: string; readonly rtt: number }
	| { readonly status: "refused"; readonly error: string }
	| { readonly status: "failed"; readonly error: string };

/** One STUN request. */
export interface StunFact {
	/** As it was configured: `host:port`. */
	readonly server: string;
	readonly ip: string;
	readonly af: Family;
	readonly transport: "udp" | "tcp";
	readonly outcome: StunOutcome;
}

/** What is known of a family's external side. */
export interface ExternalFact {
	/** Of every verified route, as ranges. */
	readonly addresses: readonly string[];
	/** Some of them are not globally routable. */
	readonly nonPublic: boolean;
	/** Some of them were said by one server alone. */
	readonly singleServer: boolean;
	/** Why there is none. */
	readonly reason: string | null;
}

/** The part of a NAT report that findings are drawn from. */
export type NatFact = Pick<
	NatReport,
	| "type"
	| "mapping"
	| "filtering"
	| "delta"
	| "reason"
	| "local"
	| "externalIps"
	| "sharedAddressSpace"
	| "doubleNat"
	| "hairpinning"
>;

/** What is known of the clock. Nobody outside is asked for the time. */
export interface ClockFact {
	/** The wall clock at the start, in ms since 1970. */
	readonly now: number;
	/** How much further than the monotonic clock the wall clock went meanwhile, in ms. */
	readonly step: number;
	/** Whether the system says that it keeps time by a server; null where it does not say. */
	readonly synchronised: boolean | null;
}

/** Everything that was gathered. Plain data. */
export interface Facts {
	readonly snapshot: NicSnapshot;
	/** The NIC that was looked at; null where there is no default one. */
	readonly nic: NicInfo | null;
	/** Whether the NIC was named by the user. */
	readonly chosen: boolean;
	/** The families that were to be looked at. */
	readonly families: readonly Family[];
	/** The STUN servers, as `host:port`. */
	readonly servers: readonly string[];
	/** The system's DNS servers, or those of the option. */
	readonly resolvers: readonly string[];
	readonly lookups: readonly LookupFact[];
	readonly stun: readonly StunFact[];
	readonly external: PerFamily<ExternalFact | null>;
	readonly nat: PerFamily<NatFact | null>;
	/** Whether the NAT was to be looked at. */
	readonly natAsked: boolean;
	/** IPv6 addresses of RFC 7050's name; null where it was not to be asked for. */
	readonly nat64: LookupOutcome | null;
	/** What the user says the router's own external address is. */
	readonly routerWan: string | null;
	readonly clock: ClockFact;
}
