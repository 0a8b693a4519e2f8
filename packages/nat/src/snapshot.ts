import type { DeltaJudgement } from "./classify/delta.js";
import type { LocalEnd } from "./classify/mapping.js";
import type { Knowledge } from "./knowledge.js";
import type { ProbeState } from "./probes.js";
import type { NatSeen, NatTcp, NatTrainSample } from "./types.js";

/** Why a discovery is over. */
export type Ending =
	| "complete"
	/** Silence is proved. */
	| "blocked"
	/** No server has answered, and that is no proof. */
	| "unanswered"
	/** The system or the servers' hosts refused every request. */
	| "refused"
	/** No server has an address of the family. */
	| "no-servers"
	| "no-socket"
	| "timeout";

/** A probe with the local port of its socket. */
export interface ProbeRecord extends ProbeState {
	/** Null where the socket could not be made. */
	readonly localPort: number | null;
}

/** All that a discovery knows at one moment, as plain data. Reports are made from this and nothing else. */
export interface DiscoverySnapshot {
	/** On the clock. */
	readonly startedAt: number;
	/** Null while it goes on. */
	readonly ending: Ending | null;
	/** Why the mapping socket could not be made. */
	readonly socketFailure: string | null;
	/** The mapping socket's local end. */
	readonly local: LocalEnd | null;
	readonly knowledge: Knowledge;
	/** Every probe that was sent or failed, in the order in which they were planned. */
	readonly probes: readonly ProbeRecord[];
	readonly train: {
		readonly samples: readonly NatTrainSample[];
		/** Null before it is over. */
		readonly judgement: DeltaJudgement | null;
		/** Why there is none. */
		readonly failure: string | null;
	};
	readonly hairpinning: NatSeen;
	/** Null before it is known. */
	readonly tcp: NatTcp | null;
	/** Datagrams sent. */
	readonly datagrams: number;
}
