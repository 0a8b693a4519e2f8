import type { IPRange } from "@p2pd/address";
import type { Family } from "@p2pd/net";
import { isOnNic, type RouteSides } from "./route-sides.js";

/** What the text of a route is made from. */
type Sides = Pick<RouteSides, "af" | "nicIps" | "extIps">;

/** From this size on P2PD's documentation writes "a lot of IPs". It is the size of all of IPv4. */
const A_LOT = 2n ** 32n;

/** A range without its zone, as P2PD's documentation writes it. */
function rangeText(range: IPRange): string {
	const text = range.toString();
	return range.zone === null ? text : text.replace(`%${range.zone}`, "");
}

function listText(ranges: readonly IPRange[]): string {
	return `[${ranges.map(rangeText).join(", ")}]`;
}

/** P2PD's form of a route: `[192.168.0.20/32, 193.168.0.0/16] -> [1.3.3.7/32]`. */
export function routeText(route: Sides): string {
	return `${listText(route.nicIps)} -> ${listText(route.extIps)}`;
}

/** `(1 IP)`, `(65535 IPs)`, `(a lot of IPs)`. */
function countText(size: bigint): string {
	if (size === 1n) return "(1 IP)";
	return size < A_LOT ? `(${size} IPs)` : "(a lot of IPs)";
}

/** A line of P2PD's lists: the range, its scope (IPv6), and how many addresses it has. */
function lineText(af: Family, range: IPRange): string {
	const scope = af === 4 ? [] : [range.isLinkLocal ? "(link-local)" : "(global scope)"];
	return `    ${[rangeText(range), ...scope, countText(range.size)].join(" ")}`;
}

/** The NIC's addresses, as far as the routes name them: each once, link-locals last. */
function nicRanges(routes: readonly Sides[]): IPRange[] {
	const found = new Map<string, IPRange>();
	const add = (range: IPRange): void => {
		if (!found.has(range.toString())) found.set(range.toString(), range);
	};
	for (const route of routes) {
		for (const range of route.extIps) if (isOnNic(route, range)) add(range);
		for (const range of route.nicIps) add(range);
	}
	const all = [...found.values()];
	const isLast = (range: IPRange): boolean => range.af === 6 && range.isLinkLocal;
	return [...all.filter((range) => !isLast(range)), ...all.filter(isLast)];
}

/** A pool as P2PD's documentation prints its examples: the two lists with their counts, then the routes. */
export function poolText(routes: readonly Sides[]): string {
	const lines = (ranges: readonly IPRange[]): string[] => ranges.map((range) => lineText(range.af, range));
	return [
		"NIC IPs:",
		...lines(nicRanges(routes)),
		"EXT IPs:",
		...lines(routes.flatMap((route) => route.extIps)),
		"Routes:",
		...routes.map((route) => `    ${routeText(route)}`),
	].join("\n");
}
