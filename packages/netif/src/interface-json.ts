import { isDeltaType, isNatType, type NatDictionary, natInfo } from "@p2pd/nat";
import {
	type Check,
	type Family,
	type Fields,
	familyFromP2pd,
	is,
	type NicRef,
	objectProblem,
} from "@p2pd/net";
import { type Route, RouteError, RoutePool } from "@p2pd/route";
import { NetifJsonError } from "./errors.js";
import { type InterfaceState, natFamily, natOf } from "./interface-state.js";
import type { NicKind, PerFamily } from "./os/types.js";
import type { InterfaceJson, InterfaceRouteJson } from "./types.js";

/** P2PD's dictionary of an interface. */
export function writeInterface(state: InterfaceState): InterfaceJson {
	const { reasons, pools } = state;
	const given = {
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
		...(Object.keys(given).length === 0 ? {} : { reasons: given }),
	};
}

function writeRoute(route: Route): InterfaceRouteJson {
	return { ...route.toJSON(), ...(route.isVerified && !route.isPublic ? { non_public: true as const } : {}) };
}

const index = is.nullOr(is.whole(0, 2 ** 32 - 1));

const fields: Fields = {
	name: is.text,
	rp: is.object,
	nat: is.object,
	nat_by_af: is.object,
	is_default: is.object,
	reasons: is.object,
	netiface_index: index,
	nic_no: is.whole(0, 2 ** 32 - 1),
	mac: is.nullOr(is.text),
	display_name: is.nullOr(is.text),
	kind: is.nullOr(is.text),
};

/** A dictionary that has passed the check of its fields. */
interface CheckedJson {
	readonly name: string;
	readonly rp: object;
	readonly nat: unknown;
	readonly nat_by_af?: object;
	readonly is_default?: object;
	readonly reasons?: object;
	readonly netiface_index?: number | null;
	readonly nic_no?: number;
	readonly mac?: string | null;
	readonly display_name?: string | null;
	readonly kind?: string | null;
}

/**
 * Reads a dictionary, ours or P2PD's (without `nat_by_af`, `kind` and so on, and in P2PD's first version even without
 * `is_default`). Unknown keys are ignored: a newer version may have more.
 *
 * @param nic the NIC of the routes
 * @throws NetifJsonError (ERR_NETIF_JSON) with the path of the fault
 */
export function readInterface(json: unknown, nic: NicRef): InterfaceState {
	refuseJson(is.object(json, ""));
	refuseJson(objectProblem(json, "", fields, { required: ["name", "rp", "nat"], open: true }));
	const dict = json as CheckedJson;
	const routes = byFamily(dict.rp, "rp");
	const pools = { 4: readPool(routes[4], 4, nic), 6: readPool(routes[6], 6, nic) };
	const ownNat = readNat(dict.nat, "nat");
	const nats =
		dict.nat_by_af === undefined
			? { 4: null, 6: null, [natFamily(pools)]: ownNat }
			: readNats(byFamily(dict.nat_by_af, "nat_by_af"));
	const defaults = byFamily(dict.is_default ?? {}, "is_default");
	const reasons = byFamily(dict.reasons ?? {}, "reasons");
	return {
		name: dict.name,
		displayName: dict.display_name ?? dict.name,
		kind: KINDS.find((kind) => kind === dict.kind) ?? "unknown",
		index: dict.netiface_index ?? null,
		mac: dict.mac || null,
		nicNo: dict.nic_no ?? 0,
		isDefault: { 4: defaults[4] === true, 6: defaults[6] === true },
		nat: nats,
		reasons: { 4: textOrNull(reasons[4]), 6: textOrNull(reasons[6]) },
		pools,
	};
}

const KINDS: readonly NicKind[] = [
	"ethernet",
	"wireless",
	"loopback",
	"tunnel",
	"bridge",
	"virtual",
	"cellular",
];

function textOrNull(value: unknown): string | null {
	return typeof value === "string" ? value : null;
}

function readNats(nats: PerFamily<unknown>): PerFamily<NatDictionary | null> {
	const read = (af: Family): NatDictionary | null =>
		nats[af] === null || nats[af] === undefined ? null : readNat(nats[af], `nat_by_af.${af}`);
	return { 4: read(4), 6: read(6) };
}

function readPool(json: unknown, af: Family, nic: NicRef): RoutePool {
	const path = `rp.${af}`;
	let pool: RoutePool;
	try {
		pool = json === undefined ? new RoutePool([]) : RoutePool.fromJSON(json, nic);
	} catch (error) {
		if (!(error instanceof RouteError)) throw error;
		throw new NetifJsonError(path, `must be a list of routes: ${error.message}`, { cause: error });
	}
	if (pool.routes.some((route) => route.af !== af)) {
		throw new NetifJsonError(path, `must have IPv${af} routes only`);
	}
	return pool;
}

const natFields: Fields = {
	type: is.a("a NAT type, 1 to 7", isNatType),
	delta: is.shape(
		{ type: is.a("a delta type, 1 to 6", isDeltaType), value: is.whole(-65_535, 65_535) },
		{ required: ["type", "value"], open: true },
	),
	assumed: is.boolean,
	reason: is.nullOr(is.text),
};

/**
 * Reads a NAT's dictionary. Type and delta are checked; the texts follow from them.
 *
 * @throws NetifJsonError (ERR_NETIF_JSON) with the path of the fault
 */
export function readNat(json: unknown, path: string): NatDictionary {
	refuseJson(objectProblem(json, path, natFields, { required: ["type", "delta"], open: true }));
	const { type, delta, assumed, reason } = json as NatDictionary;
	const info = natInfo(type, delta);
	return {
		type: info.type,
		nat_info: info.nat_info,
		delta: { type: info.delta.type, value: info.delta.value },
		delta_info: info.delta_info,
		...(assumed === true ? { assumed: true as const } : {}),
		...(typeof reason === "string" ? { reason } : {}),
	};
}

/**
 * The values of a dictionary by family. Its keys are ours (4, 6) or P2PD's, which are the numbers of the OS that wrote it.
 *
 * @throws NetifJsonError (ERR_NETIF_JSON) for another key, or for two of one family
 */
function byFamily(dictionary: object, path: string): PerFamily<unknown> {
	const found: Record<Family, unknown> = { 4: undefined, 6: undefined };
	for (const [key, value] of Object.entries(dictionary)) {
		const af = familyFromP2pd(key);
		if (af === null) {
			throw new NetifJsonError(`${path}.${key}`, "is not an address family: 4, 6, 2, 10, 23 or 30");
		}
		if (found[af] !== undefined) throw new NetifJsonError(`${path}.${key}`, `names IPv${af} a second time`);
		found[af] = value;
	}
	return found;
}

function refuseJson(problem: ReturnType<Check>): void {
	if (problem !== null) throw new NetifJsonError(problem.path, problem.message);
}
