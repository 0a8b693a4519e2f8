import type { Family } from "../types.js";

/** What a server is known to serve beside a plain Binding. */
export type ServerFeature =
	/** OTHER-ADDRESS and CHANGE-REQUEST of RFC 5780. */
	| "rfc5780"
	/** CHANGED-ADDRESS and CHANGE-REQUEST of RFC 3489. */
	| "rfc3489";

/** A server by name. */
export interface StunServerSpec {
	/** A host name or an IP. */
	readonly host: string;
	readonly port: number;
	/** The families that it is known to have. @default both are tried */
	readonly families?: readonly Family[];
	/** What it serves beside a plain Binding. @default nothing is assumed */
	readonly features?: readonly ServerFeature[];
	/** Who runs it: two servers of one operator are no two witnesses. @default the host */
	readonly operator?: string;
	/** ISO date of the last check by a maintainer; null before the first. */
	readonly verifiedAt?: string | null;
}

/** A server by address. */
export interface ResolvedServer {
	readonly spec: StunServerSpec;
	readonly ip: string;
	readonly port: number;
}

/** A server that could not be resolved. */
export interface UnresolvedServer {
	readonly spec: StunServerSpec;
	readonly error: unknown;
}
