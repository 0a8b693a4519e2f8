import { ASSUMED_NAT, type Delta, type NatReport, type NatType, natInfo } from "@p2pd/nat";
import type { NatJson } from "../types.js";

/** P2PD's assumption for a NAT that was not, or could not be, looked at. */
export function assumedNat(reason: string): NatJson {
	return natJson(ASSUMED_NAT.type, ASSUMED_NAT.delta, reason);
}

/** A report in P2PD's form; what it leaves open is P2PD's assumption, and said to be one. */
export function natOfReport({ type, delta, reason }: Pick<NatReport, "type" | "delta" | "reason">): NatJson {
	const known = delta.type === "unknown" ? null : { type: delta.type, value: delta.value };
	const complete = type !== "unknown" && known !== null;
	return natJson(
		type === "unknown" ? ASSUMED_NAT.type : type,
		known ?? ASSUMED_NAT.delta,
		complete ? null : reason || "the answers do not suffice for a verdict",
	);
}

function natJson(type: NatType, delta: Delta, reason: string | null): NatJson {
	const info = natInfo(type, delta);
	return {
		type: info.type,
		nat_info: info.nat_info,
		delta: { type: info.delta.type, value: info.delta.value },
		delta_info: info.delta_info,
		...(reason === null ? {} : { assumed: true as const, reason }),
	};
}
