import { IPRange } from "@p2pd/address";
import { type Family, type Fields, familyFromP2pd, is, objectProblem } from "@p2pd/net";
import { RouteValueError, refuse } from "../errors.js";
import type { RouteInit, RouteJson } from "../types.js";

/** P2PD's dictionary of a route. */
export function routeToJson(
	route: Pick<RouteInit, "af" | "nicIps" | "extIps"> &
		Required<Pick<RouteInit, "linkLocals" | "source" | "singleServer" | "reason">>,
): RouteJson {
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

const range: Fields = { ip: is.text, cidr: is.whole(0, 128), af: is.anything };
const ranges = is.listOf(is.shape(range, { required: ["ip", "cidr", "af"], open: true }));

const fields: Fields = {
	af: is.anything,
	nic_ips: ranges,
	ext_ips: ranges,
	link_local_ips: ranges,
	source: is.nullOr(is.text),
	reason: is.nullOr(is.text),
	single_server: is.boolean,
};

/** A dictionary that has passed the check of its fields. */
interface CheckedJson {
	readonly af: unknown;
	readonly nic_ips: readonly CheckedRange[];
	readonly ext_ips: readonly CheckedRange[];
	readonly link_local_ips?: readonly CheckedRange[];
	readonly source?: string | null;
	readonly reason?: string | null;
	readonly single_server?: boolean;
}

interface CheckedRange {
	readonly ip: string;
	readonly cidr: number;
	readonly af: unknown;
}

/**
 * Reads a route's dictionary, ours or P2PD's own (families 2, 10, 23, 30; no `link_local_ips`). Keys that are unknown are
 * ignored: a newer version may have more.
 * @throws RouteValueError (`ERR_ROUTE_VALUE`) with the path to the fault
 */
export function readRouteJson(json: unknown): RouteInit {
	refuse(objectProblem(json, "route", {}, { open: true }));
	refuse(objectProblem(json, "", fields, { required: ["af", "nic_ips", "ext_ips"], open: true }));
	const dict = json as CheckedJson;
	const af = readFamily("af", dict.af);
	return {
		af,
		nicIps: readRanges("nic_ips", af, dict.nic_ips),
		extIps: readRanges("ext_ips", af, dict.ext_ips),
		linkLocals: readRanges("link_local_ips", af, dict.link_local_ips ?? []),
		source: dict.source ?? null,
		reason: dict.reason ?? null,
		singleServer: dict.single_server === true,
	};
}

function readRanges(field: string, af: Family, list: readonly CheckedRange[]): IPRange[] {
	return list.map(({ ip, cidr, af: itsAf }, index) => {
		const path = `${field}[${index}]`;
		if (readFamily(`${path}.af`, itsAf) !== af)
			throw new RouteValueError(`${path}.af`, "is not the route's family");
		try {
			return new IPRange(ip, cidr);
		} catch (cause) {
			throw new RouteValueError(path, `is not a range: ${cause instanceof Error ? cause.message : cause}`, {
				cause,
			});
		}
	});
}

function readFamily(field: string, value: unknown): Family {
	const af = typeof value === "number" ? familyFromP2pd(value) : null;
	if (af === null)
		throw new RouteValueError(field, "must be an address family: 4, 6, or P2PD's 2, 10, 23 or 30");
	return af;
}
