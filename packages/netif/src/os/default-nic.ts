import type { Family, SourceAnswer } from "@p2pd/net";
import { inNetwork } from "./address-text.js";
import { DEFAULT_ROUTE_MAX_PREFIX, PROBE_DESTINATIONS } from "./defaults.js";
import type { DefaultNic, NicRoute, RawNic, RawSnapshot } from "./types.js";

/** Whether a route is a default route, or one of the halves that a VPN lays over it. */
export function isDefaultRoute(route: NicRoute): boolean {
	if (route.cidr > DEFAULT_ROUTE_MAX_PREFIX[route.af]) return false;
	return (
		route.cidr === 0 ||
		PROBE_DESTINATIONS[route.af].some((ip) => inNetwork(ip, route.destination, route.cidr))
	);
}

/** The NIC and the route that the table would take to `ip`: the longest prefix, then the lowest metric. */
export function lookUpRoute(
	nics: readonly Pick<RawNic, "name" | "running" | "routes">[],
	ip: string,
): { readonly nic: string; readonly route: NicRoute } | null {
	let best: { readonly nic: string; readonly route: NicRoute } | null = null;
	for (const nic of nics) {
		if (nic.running === false) continue;
		for (const route of nic.routes) {
			if (!inNetwork(ip, route.destination, route.cidr)) continue;
			const longer = route.cidr - (best?.route.cidr ?? -1);
			const cheaper = (best?.route.metric ?? 0) - (route.metric ?? 0);
			if (longer > 0 || (longer === 0 && cheaper > 0)) best = { nic: nic.name, route };
		}
	}
	return best;
}

/** The first destination to ask the kernel about that only a default route covers, or null. */
export function probeDestination(nics: readonly RawNic[], af: Family): string | null {
	const candidates = PROBE_DESTINATIONS[af];
	const free = candidates.find((ip) => {
		const found = lookUpRoute(nics, ip);
		return found === null || isDefaultRoute(found.route);
	});
	return free ?? null;
}

/**
 * Combines the kernel's choice of source address with the route table. The kernel's choice counts for more, because it
 * includes the policy rules, which the main table does not show. The table decides if the kernel was not asked, if no
 * NIC or more than one has the address, or if the NIC is the loopback (a host with its service address on lo).
 */
export function chooseDefault(raw: RawSnapshot, af: Family, answer: SourceAnswer | null): DefaultNic | null {
	const inTable = raw.namedDefaults?.[af] ?? defaultInTable(raw.nics, af);
	if (answer?.ip === null) return null;
	if (answer) {
		const owners = raw.nics.filter(
			(nic) => nic.kind !== "loopback" && nic.addresses.some(({ ip }) => sameIp(ip, answer.ip)),
		);
		const owner =
			owners.find(({ name }) => name === inTable) ?? (owners.length === 1 ? owners[0] : undefined);
		if (owner) {
			return { name: owner.name, source: answer.ip, from: "kernel", confirmed: owner.name === inTable };
		}
	}
	if (inTable === null) return null;
	return { name: inTable, source: answer?.ip ?? null, from: "table", confirmed: false };
}

/** The NIC of the default route that the table prefers. */
function defaultInTable(nics: readonly RawNic[], af: Family): string | null {
	const only = nics.map((nic) => ({ ...nic, routes: nic.routes.filter(isDefaultRoute) }));
	return lookUpRoute(only, PROBE_DESTINATIONS[af][0])?.nic ?? null;
}

function sameIp(a: string, b: string): boolean {
	return a.replace(/%.*$/, "") === b.replace(/%.*$/, "");
}
