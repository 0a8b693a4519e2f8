import type { NicKind } from "../types.js";

/** What Windows tells of an adapter's kind. */
export interface AdapterFacts {
	/** IANA ifType. */
	readonly interfaceType: number | null;
	/** NDIS_PHYSICAL_MEDIUM. */
	readonly physicalMedium: number | null;
	readonly virtual: boolean;
}

/** IANA ifType values. */
const BY_TYPE: Readonly<Record<number, NicKind>> = {
	23: "tunnel", // ppp: dial-up VPNs
	24: "loopback", // softwareLoopback
	53: "tunnel", // propVirtual: Wintun, WireGuard
	71: "wireless", // ieee80211
	131: "tunnel", // tunnel
	209: "bridge", // bridge
	243: "cellular", // wwanPP
	244: "cellular", // wwanPP2
};

/** NDIS_PHYSICAL_MEDIUM values. */
const BY_MEDIUM: Readonly<Record<number, NicKind>> = {
	1: "wireless", // WirelessLan
	8: "cellular", // WirelessWan
	9: "wireless", // Native802_11
	10: "wireless", // BlueTooth
};

/** The kind of a Windows adapter by what its driver reports; `null` when that says nothing. */
export function kindOfAdapter({ interfaceType, physicalMedium, virtual }: AdapterFacts): NicKind | null {
	const byMedium = physicalMedium === null ? undefined : BY_MEDIUM[physicalMedium];
	const byType = interfaceType === null ? undefined : BY_TYPE[interfaceType];
	if (byMedium ?? byType) return byMedium ?? byType ?? null;
	if (interfaceType !== 6) return null;
	return virtual ? "virtual" : "ethernet";
}
