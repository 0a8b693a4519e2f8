import type { Endpoint, Family } from "@p2pd/net";

/** What a server does besides answering plain Binding requests. */
export type StunServerFeature =
	/** OTHER-ADDRESS and CHANGE-REQUEST of RFC 5780: it has a second address and answers from it on request. */
	| "rfc5780"
	/** CHANGED-ADDRESS and CHANGE-REQUEST of RFC 3489. */
	| "rfc3489";

/** A server as it is configured. */
export interface StunServerSpec {
	/** A host name or an IP. */
	readonly host: string;
	readonly port: number;
	/** "tls" is a `stuns:` server, which `StunClient` can ask over TLS. All others are asked over UDP. @default "udp" */
	readonly transport?: "udp" | "tls";
	/** The families that it is known to have. @default both are tried */
	readonly families?: readonly Family[];
	/** What it is known to do. @default nothing is known */
	readonly features?: readonly StunServerFeature[];
	/** Who runs it. Servers of one operator count as one witness. @default the host */
	readonly operator?: string;
	/** ISO date of the last check by a maintainer; null before the first. */
	readonly verifiedAt?: string | null;
}

/** A server in any of the forms that are accepted: `host`, `host:port`, `stun:host:port`, `{ ip, port }`, or a spec. */
export type StunServerInput = string | Endpoint | StunServerSpec;

/** A server by address. */
export interface ResolvedStunServer extends Endpoint {
	readonly spec: StunServerSpec;
}

/** A server whose name could not be resolved. */
export interface UnresolvedStunServer {
	readonly spec: StunServerSpec;
	readonly error: unknown;
}
