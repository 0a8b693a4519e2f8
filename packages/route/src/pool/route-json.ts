import { type Family, IPRange, type IPRangeJson } from "@p2pd/address";
import { RouteValueError } from "../errors.js";
import type { Route } from "./route.js";
import type { RouteInit, RouteJson } from "./types.js";

/** AF_INET6 of Linux, Windows and macOS, which P2PD's own dictionaries have; and ours. */
const IPV6_NUMBERS: readonly unknown[] = [6, 10, 23, 30];
/** AF_INET, the same everywhere; and ours. */
const IPV4_NUMBERS: readonly unknown[] = [4, 2];

/** P2PD's dictionary of a route. */
export function routeToJson(route: Route): RouteJson {
	return {
		af: route.af,
		nic_ips: route.nicIps.map((range) => range.toJSON()),
		ext_ips: route.extIps.map((range) => range.toJSON()),
		link_local_ips: route.linkLocals.map((range) => range.toJSON()),
		...(route.source === null ? {} : { source: route.source }),
		...(route.singleServer ? { single_server: true as const } : {}),
		...(route.reason === null ? {} : { reason: route.reason }),
	};
}

/**
 * Takes a route's dictionary back, ours or P2PD's own (families 2, 10, 23, 30; no `link_local_ips`).
 * @throws RouteValueError (`ERR_ROUTE_VALUE`) with the path to the fault.
 */
export function readRouteJson(json: unknown): RouteInit {
	const dict: Loose<RouteJson> = asRecord("route", json);
	const af = readFamily("af", dict.af);
	const source = dict.source ?? null;
	const reason = dict.reason ?? null;
	if (source !== null && typeof source !== "string") throw new RouteValueError("source", "is not a text");
	if (reason !== null && typeof reason !== "string") throw new RouteValueError("reason", "is not a text");
	return {
		af,
		nicIps: readRanges("nic_ips", af, dict.nic_ips),
		extIps: readRanges("ext_ips", af, dict.ext_ips),
		linkLocals:
			dict.link_local_ips === undefined ? [] : readRanges("link_local_ips", af, dict.link_local_ips),
		source,
		reason,
		singleServer: dict.single_server === true,
	};
}

function readRanges(field: string, af: Family, list: unknown): IPRange[] {
	if (!Array.isArray(list)) throw new RouteValueError(field, "is not a list");
	return list.map((item, index) => readRange(`${field}[${index}]`, af, item));
}

function readRange(field: string, af: Family, item: unknown): IPRange {
	const { ip, cidr, af: itemAf }: Loose<IPRangeJson> = asRecord(field, item);
	if (typeof ip !== "string") throw new RouteValueError(`${field}.ip`, "is not a text");
	if (typeof cidr !== "number") throw new RouteValueError(`${field}.cidr`, "is not a number");
	if (readFamily(`${field}.af`, itemAf) !== af)
		throw new RouteValueError(`${field}.af`, "is not the route's family");
	try {
		return new IPRange(ip, cidr);
	} catch (cause) {
		throw new RouteValueError(field, cause instanceof Error ? cause.message : String(cause), { cause });
	}
}

function readFamily(field: string, value: unknown): Family {
	if (IPV4_NUMBERS.includes(value)) return 4;
	if (IPV6_NUMBERS.includes(value)) return 6;
	throw new RouteValueError(field, `${String(value)} is no address family`);
}

/** A dictionary of which nothing is known yet but the keys that it may have. */
type Loose<T> = { readonly [K in keyof T]?: unknown };

function asRecord(field: string, value: unknown): Record<string, unknown> {
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new RouteValueError(field, "is not a dictionary");
	}
	return value as Record<string, unknown>;
}
