import { ASSUMED_NAT, type Delta, type NatType, natInfo } from "@p2pd/nat";
import type { NatJson, NatVerdict } from "../types.js";

/** P2PD's assumption for a NAT that was not, or could not be, looked at. */
export function assumedNat(reason: string): NatJson {
	return natJson(ASSUMED_NAT.type, ASSUMED_NAT.delta, reason);
}

/** A verdict in the page's form; what it leaves open is P2PD's assumption, and said to be one. */
export function natOfVerdict(verdict: NatVerdict): NatJson {
	const { type, delta } = verdict;
	const typeKnown = type !== "unknown";
	const knownDelta =
		delta !== null && delta.type !== "unknown" ? { type: delta.type, value: delta.value } : null;
	const open = [typeKnown ? null : "the type", knownDelta ? null : "the port rule"].filter(
		(each) => each !== null,
	);
	return natJson(
		typeKnown ? type : ASSUMED_NAT.type,
		knownDelta ?? ASSUMED_NAT.delta,
		open.length === 0 ? null : (verdict.reason ?? `${open.join(" and ")} could not be found out`),
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
