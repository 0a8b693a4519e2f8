import type { Family } from "@p2pd/address";
import { RoutePool } from "@p2pd/route";
import { assumedNat } from "./nat/nat-json.js";
import type { NicInfo, NicKind, NicSnapshot, PerFamily } from "./os/types.js";
import type { NatJson } from "./types.js";

/** All that an interface knows: what its dictionary tells, with the routes as objects. Never changed, only replaced. */
export interface InterfaceState {
	readonly name: string;
	readonly displayName: string;
	readonly kind: NicKind;
	readonly index: number | null;
	readonly mac: string | null;
	/** P2PD's `nic_no`: the OS's number where addresses are bound by it (Windows), else 0. */
	readonly nicNo: number;
	readonly isDefault: PerFamily<boolean>;
	readonly nat: PerFamily<NatJson | null>;
	/** Why a family has no verified route. */
	readonly reasons: PerFamily<string | null>;
	readonly pools: PerFamily<RoutePool>;
}

/** An interface of which nothing is known but perhaps its name. */
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

/** What the OS tells of a NIC that belongs into an interface's state. */
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

/** The family whose NAT stands for the interface: IPv4 if it has a route, else IPv6. */
export function natFamily(pools: PerFamily<RoutePool>): Family {
	return pools[4].routes.length > 0 || pools[6].routes.length === 0 ? 4 : 6;
}

/** The NAT of that family: P2PD's assumption before it was looked at. */
export function natOf(state: InterfaceState): NatJson {
	return state.nat[natFamily(state.pools)] ?? assumedNat("loadNat() was not called");
}

/** Why there is no route of a family, or of any. */
export function whyNoRoute({ reasons }: InterfaceState, af: Family | undefined): string {
	const known = af === undefined ? [reasons[4], reasons[6]] : [reasons[af]];
	return known.filter((reason) => reason !== null).join("; ") || "it has no address";
}
