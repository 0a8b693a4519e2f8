import { isDeltaType, isNatType, natInfo } from "@p2pd/nat";
import type { NicRef } from "@p2pd/net";
import { type Route, RouteError, RoutePool } from "@p2pd/route";
import { InvalidJsonError } from "../errors.js";
import { type InterfaceState, natFamily, natOf } from "../interface-state.js";
import type { NicKind, PerFamily } from "../os/types.js";
import type { InterfaceJson, InterfaceRouteJson, NatJson } from "../types.js";
import { asDictionary, asText, asWhole, byFamily, type Dictionary } from "./read-json.js";

/** P2PD's dictionary. */
export function writeInterface(state: InterfaceState): InterfaceJson {
	const { reasons, pools } = state;
	const told = {
		...(reasons[4] === null ? {} : { "4": reasons[4] }),
		...(reasons[6] === null ? {} : { "6": reasons[6] }),
	};
	return {
		name: state.name,
		nat: natOf(state),
		rp: { "4": pools[4].routes.map(writeRoute), "6": pools[6].routes.map(writeRoute) },
		is_default: { "4": state.isDefault[4], "6": state.isDefault[6] },
		mac: state.mac,
		netiface_index: state.index,
		nic_no: state.nicNo,
		id: state.nicNo === 0 ? state.name : state.nicNo,
		nat_by_af: { "4": state.nat[4], "6": state.nat[6] },
		kind: state.kind,
		display_name: state.displayName,
		...(Object.keys(told).length === 0 ? {} : { reasons: told }),
	};
}

function writeRoute(route: Route): InterfaceRouteJson {
	return { ...route.toJSON(), ...(route.isVerified && !route.isPublic ? { non_public: true as const } : {}) };
}

/**
 * Reads a dictionary of ours or of P2PD (which has no `nat_by_af`, `kind` and so on, in its first version not even
 * `is_default`).
 *
 * @param nic what the routes hold as their NIC
 * @throws InvalidJsonError (ERR_NETIF_INVALID_JSON) with the path of what is wrong
 */
export function readInterface(json: unknown, nic: NicRef): InterfaceState {
	const dict = asDictionary(json, "");
	const { name: itsName, rp, nat, nat_by_af: natByAf, is_default: isDefault = {}, reasons = {} } = dict;
	const { netiface_index: index = null, nic_no: nicNo = 0 } = dict;
	const name = asText(itsName, "name");
	const routes = byFamily(rp, "rp");
	const pools = { 4: readPool(routes[4], "rp.4", nic), 6: readPool(routes[6], "rp.6", nic) };
	const ownNat = readNat(nat, "nat");
	const nats = natByAf === undefined ? { 4: null, 6: null, [natFamily(pools)]: ownNat } : readNats(natByAf);
	const defaults = byFamily(isDefault, "is_default");
	const why = byFamily(reasons, "reasons");
	return {
		name,
		displayName: optionalText(dict, "display_name") ?? name,
		kind: readKind(dict),
		index: index === null ? null : asWhole(index, "netiface_index"),
		mac: optionalText(dict, "mac") || null,
		nicNo: asWhole(nicNo, "nic_no"),
		isDefault: { 4: defaults[4] === true, 6: defaults[6] === true },
		nat: nats,
		reasons: { 4: readReason(why[4]), 6: readReason(why[6]) },
		pools,
	};
}

function readNats(json: unknown): PerFamily<NatJson | null> {
	const nats = byFamily(json, "nat_by_af");
	const read = (af: 4 | 6): NatJson | null => {
		const nat = nats[af];
		return nat === null || nat === undefined ? null : readNat(nat, `nat_by_af.${af}`);
	};
	return { 4: read(4), 6: read(6) };
}

function readPool(json: unknown, path: string, nic: NicRef): RoutePool {
	if (json === undefined) return new RoutePool([]);
	try {
		return RoutePool.fromJSON(json, nic);
	} catch (error) {
		if (!(error instanceof RouteError)) throw error;
		throw new InvalidJsonError(path, `routes (${error.message})`, { cause: error });
	}
}

/** A NAT out of a dictionary: type and delta are checked, the texts follow from them. @throws InvalidJsonError */
export function readNat(json: unknown, path: string): NatJson {
	const dict = asDictionary(json, path);
	const { type, delta, assumed } = dict;
	const { type: deltaType, value } = asDictionary(delta, `${path}.delta`);
	if (!isNatType(type)) throw new InvalidJsonError(`${path}.type`, "a NAT type, 1 to 7");
	if (!isDeltaType(deltaType)) throw new InvalidJsonError(`${path}.delta.type`, "a delta type, 1 to 6");
	const info = natInfo(type, { type: deltaType, value: asWhole(value, `${path}.delta.value`) });
	const reason = optionalText(dict, "reason");
	return {
		type: info.type,
		nat_info: info.nat_info,
		delta: { type: info.delta.type, value: info.delta.value },
		delta_info: info.delta_info,
		...(assumed === true ? { assumed: true as const } : {}),
		...(reason === undefined ? {} : { reason }),
	};
}

const KINDS: readonly string[] = [
	"ethernet",
	"wireless",
	"loopback",
	"tunnel",
	"bridge",
	"virtual",
	"cellular",
] satisfies NicKind[];

function readKind(dict: Dictionary): NicKind {
	const kind = optionalText(dict, "kind");
	return kind !== undefined && KINDS.includes(kind) ? (kind as NicKind) : "unknown";
}

function readReason(value: unknown): string | null {
	return typeof value === "string" ? value : null;
}

function optionalText(dict: Dictionary, key: string): string | undefined {
	const value = dict[key];
	return value === undefined || value === null ? undefined : asText(value, key);
}
