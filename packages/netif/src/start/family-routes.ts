import { FAMILIES, type Family } from "@p2pd/address";
import { RoutePool, type RouteResolution, resolveRoutes } from "@p2pd/route";
import type { NicAddress, NicSnapshot } from "../os/types.js";
import { type ObserverSetting, observeSource } from "./observe-source.js";

/** The routes of one family, and why there is no verified one. */
export interface FamilyRoutes {
	readonly pool: RoutePool;
	/** `null` where a route is verified. */
	readonly reason: string | null;
}

/** The routes of both families, found at once. @throws the signal's reason */
export async function resolveFamilies(
	setting: Omit<ObserverSetting, "routesKnown">,
	snapshot: NicSnapshot,
	signal: AbortSignal,
): Promise<Readonly<Record<Family, FamilyRoutes>>> {
	const wanted = setting.options.families ?? FAMILIES;
	const [four, six] = await Promise.all(
		FAMILIES.map((af) =>
			wanted.includes(af)
				? resolveFamily({ ...setting, routesKnown: snapshot.routesKnown[af] }, snapshot, af, signal)
				: none(`IPv${af} was not asked for`),
		),
	);
	return { 4: four ?? none(""), 6: six ?? none("") };
}

function none(reason: string): FamilyRoutes {
	return { pool: new RoutePool([]), reason };
}

async function resolveFamily(
	setting: ObserverSetting,
	snapshot: NicSnapshot,
	af: Family,
	signal: AbortSignal,
): Promise<FamilyRoutes> {
	const { info, nic } = setting;
	const addresses = usableAddresses(info.addresses.filter((address) => address.af === af));
	if (addresses.length === 0) return none(noAddressReason(setting, af));
	const chosen = snapshot.defaults[af];
	const resolution = await resolveRoutes({
		af,
		nic,
		addresses: addresses.map(({ ip, cidr }) => ({ ip, cidr: cidr ?? (af === 4 ? 32 : 128) })),
		observe: (source, options) => observeSource(setting, source, options.signal),
		defaultSource: chosen?.name === info.name && chosen.source !== null ? chosen.source : undefined,
		signal,
	});
	return { pool: resolution.pool, reason: reasonOf(resolution, info.name, af) };
}

/**
 * Those that new sockets may be bound to: none that is a duplicate or still being checked, and none that is
 * deprecated while there is another of its scope (RFC 4862 section 5.5.4).
 */
function usableAddresses(all: readonly NicAddress[]): NicAddress[] {
	const ready = all.filter(({ tentative }) => tentative !== true);
	const preferred = new Set(ready.filter(({ deprecated }) => deprecated !== true).map(({ scope }) => scope));
	return ready.filter(({ deprecated, scope }) => deprecated !== true || !preferred.has(scope));
}

function noAddressReason({ info }: ObserverSetting, af: Family): string {
	if (info.up === false) return `${info.name} is switched off`;
	if (info.running === false) return `the link of ${info.name} is down`;
	if (!info.addressesKnown[af]) return `the IPv${af} addresses of ${info.name} are not known`;
	const tentative = info.addresses.some((address) => address.af === af);
	return tentative
		? `no IPv${af} address of ${info.name} is ready: duplicate address detection has not passed it`
		: `${info.name} has no IPv${af} address`;
}

function reasonOf({ pool, unverified }: RouteResolution, name: string, af: Family): string | null {
	if (pool.routes.some((route) => route.isVerified)) return null;
	const reasons = [...new Set(unverified.map(({ reason }) => reason))];
	return reasons.join("; ") || `${name} has only link-local IPv${af} addresses`;
}
