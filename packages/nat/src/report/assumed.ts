import { ASSUMED_NAT, type NatInfo, natInfo } from "../nat-info.js";
import type { NatReport } from "../types.js";

/** A report in P2PD's terms, where every NAT has a type. */
export interface AssumedNat {
	readonly info: NatInfo;
	/** The type or the port rule was not found out, and P2PD's assumption stands in for it. */
	readonly assumed: boolean;
	/** What the verdict rests on, or why there is none. */
	readonly reason: string;
}

/** P2PD's description of a reported NAT: what is unknown becomes its assumption (type 5, random ports). */
export function natInfoOf(report: Pick<NatReport, "type" | "delta" | "reason">): AssumedNat {
	const { type, delta, reason } = report;
	const rule = delta.type === "unknown" ? ASSUMED_NAT.delta : { type: delta.type, value: delta.value };
	return {
		info: natInfo(type === "unknown" ? ASSUMED_NAT.type : type, rule),
		// Nothing can be said of the ports of a NAT that lets nothing through.
		assumed: type === "unknown" || (delta.type === "unknown" && type !== 7),
		reason,
	};
}
