import type { HostPort } from "../types.js";
import type { Schedule } from "./schedule.js";

/** From where a reply may come. "any": the id alone decides. */
export type ExpectedSource = HostPort | readonly HostPort[] | "any";

/** A request to carry through. */
export interface TransactionPlan {
	/** The id as {@link transactionKey} gives it. */
	readonly key: string;
	readonly to: HostPort;
	readonly expectFrom: ExpectedSource;
	readonly schedule: Schedule;
}

/** What is to be done at a moment. */
export type TransactionStep =
	| { readonly kind: "send"; readonly key: string; readonly to: HostPort }
	| { readonly kind: "timeout"; readonly key: string; readonly sends: number; readonly waited: number };

/** What a datagram's id and source mean. */
export type ReplyVerdict =
	/** A reply that counts; the transaction goes on until it is finished. */
	| {
			readonly kind: "reply";
			readonly key: string;
			/** Milliseconds since the last send. Certain only when `sends` is 1. */
			readonly rtt: number;
			readonly sends: number;
	  }
	/** An id of ours under way, but from a source that was not asked. */
	| { readonly kind: "wrong-source"; readonly key: string }
	/** An id of ours that is finished: a reply to a retransmission, or one that came too late. */
	| { readonly kind: "late"; readonly key: string }
	/** Not an id of ours. */
	| { readonly kind: "foreign" };
