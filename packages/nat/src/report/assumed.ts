import { type Check, is } from "@p2pd/net";
import { checkArgument, checkValue } from "../check.js";
import { ASSUMED_NAT, type NatInfo, natInfo } from "../nat-info.js";
import { type Delta, isDeltaType, isNatType, type NatType } from "../nat-types.js";
import type { NatReport } from "../types.js";

/** A report in P2PD's terms, where every NAT has a type. */
export interface AssumedNat {
	readonly info: NatInfo;
	/** The type or the port rule was not found out, and P2PD's assumption stands in for it. */
	readonly assumed: boolean;
	/** What the verdict rests on, or why there is none. */
	readonly reason: string;
}

/** A NAT as P2PD's dictionaries hold it. */
export interface NatDictionary {
	/** P2PD's number, 1 to 7. */
	readonly type: NatType;
	/** P2PD's text for the type. */
	readonly nat_info: string;
	readonly delta: Delta;
	/** P2PD's text for the delta type. */
	readonly delta_info: string;
	/** The type, the delta, or both are P2PD's assumption. Absent if both were found out. */
	readonly assumed?: true;
	/** Why something is assumed. */
	readonly reason?: string;
}

/**
 * Describes a reported NAT in P2PD's terms. What the report does not know becomes P2PD's assumption (type 5, random
 * ports). A blocked NAT (type 7) lets nothing through, so its unknown port rule is not an assumption that matters:
 * it does not count as assumed.
 */
export function natInfoOf(report: Pick<NatReport, "type" | "delta" | "reason">): AssumedNat {
	checkArgument(
		report,
		"report",
		{
			type: isKnownOr(isNatType),
			delta: is.shape(
				{ type: isKnownOr(isDeltaType), value: is.whole(-65_535, 65_535) },
				{ required: ["type", "value"], open: true },
			),
			reason: is.text,
		},
		{ required: ["type", "delta", "reason"], open: true },
	);
	const { type, delta, reason } = report;
	const rule = delta.type === "unknown" ? ASSUMED_NAT.delta : { type: delta.type, value: delta.value };
	return {
		info: natInfo(type === "unknown" ? ASSUMED_NAT.type : type, rule),
		assumed: type === "unknown" || (delta.type === "unknown" && type !== 7),
		reason,
	};
}

/** The dictionary of a reported NAT. It says `assumed` by the same rule as {@link natInfoOf}. */
export function natDictionary(report: Pick<NatReport, "type" | "delta" | "reason">): NatDictionary {
	const { info, assumed, reason } = natInfoOf(report);
	return dictionaryOf(info, assumed ? reason || "the answers do not suffice for a verdict" : null);
}

/** The dictionary of a NAT that was not tested, or could not be. */
export function assumedNat(reason: string): NatDictionary {
	checkValue(reason, "reason", is.text);
	return dictionaryOf(natInfo(ASSUMED_NAT.type, ASSUMED_NAT.delta), reason);
}

function dictionaryOf({ type, nat_info, delta, delta_info }: NatInfo, reason: string | null): NatDictionary {
	return {
		type,
		nat_info,
		delta: { type: delta.type, value: delta.value },
		delta_info,
		...(reason === null ? {} : { assumed: true as const, reason }),
	};
}

/** P2PD's number, or "unknown". */
function isKnownOr(isNumber: (value: unknown) => boolean): Check {
	return is.a('one of P2PD\'s numbers or "unknown"', (value) => value === "unknown" || isNumber(value));
}
