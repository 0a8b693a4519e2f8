import { assumedNat, type NatDictionary } from "@p2pd/nat";
import type { Family } from "@p2pd/net";
import { RoutePool } from "@p2pd/route";
import type { NicInfo, NicKind, NicSnapshot, PerFamily } from "./os/types.js";

/** All that an interface knows: the content of its dictionary, with the routes as objects. Replaced, never changed. */
export interface InterfaceState {
	readonly name: string;
	readonly displayName: string;
	readonly kind: NicKind;
	readonly index: number | null;
	readonly mac: string | null;
	/** P2PD's `nic_no`: the OS's number if addresses are bound by it (Windows), else 0. */
	readonly nicNo: number;
	readonly isDefault: PerFamily<boolean>;
	readonly nat: PerFamily<NatDictionary | null>;
	/** Why a family has no verified route. */
	readonly reasons: PerFamily<string | null>;
	readonly pools: PerFamily<RoutePool>;
}

/** An interface of which at most the name is known. */
export function emptyState(name: string): InterfaceState {
	return {
		name,
		displayName: name,
		kind: "unknown",
		index: null,
		mac: null,
		nicNo: 0,
		isDefault: { 4: false, 6: false },
		nat: { 4: null, 6: null },
		reasons: { 4: null, 6: null },
		pools: { 4: new RoutePool([]), 6: new RoutePool([]) },
	};
}

/** The part of an interface's state that the OS tells. */
export function stateOfNic(info: NicInfo, { platform }: NicSnapshot): Partial<InterfaceState> {
	return {
		name: info.name,
		displayName: info.displayName,
		kind: info.kind,
		index: info.index,
		mac: info.mac,
		nicNo: platform === "win32" ? (info.index ?? 0) : 0,
		isDefault: info.isDefault,
	};
}

/** The family whose NAT is the interface's: IPv4 if it has a route, else IPv6. */
export function natFamily(pools: PerFamily<RoutePool>): Family {
	return pools[4].routes.length > 0 || pools[6].routes.length === 0 ? 4 : 6;
}

/** The NAT of that family; P2PD's assumption if it was not tested. */
export function natOf(state: InterfaceState): NatDictionary {
	return state.nat[natFamily(state.pools)] ?? assumedNat("loadNat() was not called");
}

/** Why there is no route of a family, or of either. */
export function whyNoRoute({ reasons }: InterfaceState, af: Family | undefined): string {
	const known = af === undefined ? [reasons[4], reasons[6]] : [reasons[af]];
	return known.filter((reason) => reason !== null).join("; ") || "it has no address";
}
