import { canonicalIp, cleanMac, prefixOf, scopeOf } from "../ip-text.js";
import { kindByName } from "../kind-by-name.js";
import type { NicAddress, NicRoute, RawNic } from "../types.js";
import { kindOfAdapter } from "./kind.js";

/** One object of a JSON list; its fields are what the cmdlet of this Windows has. */
type Row = Readonly<Record<string, unknown>>;

/**
 * The NICs in the JSON that the script prints. Every adapter that is not hidden, and every one that has an IP
 * interface: the loopback and some tunnels are in no list of adapters.
 *
 * @throws SyntaxError when the text is no JSON object
 */
export function parseWindows(text: string): RawNic[] {
	// Anything before the object would be a message of a module that writes to the output.
	const tables: unknown = JSON.parse(text.slice(Math.max(0, text.indexOf("{"))));
	if (typeof tables !== "object" || tables === null) throw new SyntaxError("expected a JSON object");
	const rows = (name: string): Row[] => rowsOf((tables as Row)[name]);
	const interfaces = rows("interfaces");
	const addresses = rows("addresses");
	const routes = rows("routes");
	const adapters = rows("adapters");
	const withIp = new Map<number, string>();
	for (const row of [...interfaces, ...addresses]) {
		const index = number(row, "InterfaceIndex");
		if (index !== null && !withIp.has(index)) withIp.set(index, string(row, "InterfaceAlias") || `${index}`);
	}
	const shown = adapters.filter(
		(row) => !flag(row, "Hidden") || withIp.has(number(row, "InterfaceIndex") ?? -1),
	);
	const known = new Set(shown.map((row) => number(row, "InterfaceIndex")));
	const bare = [...withIp]
		.filter(([index]) => !known.has(index))
		.map(([index, name]): Row => ({ InterfaceIndex: index, Name: name }));
	return [...shown, ...bare].map((adapter) => {
		const index = number(adapter, "InterfaceIndex");
		const own = (row: Row): boolean => number(row, "InterfaceIndex") === index;
		return nicOf(adapter, interfaces.filter(own), addresses.filter(own), routes.filter(own));
	});
}

function nicOf(
	adapter: Row,
	interfaces: readonly Row[],
	addressRows: readonly Row[],
	routeRows: readonly Row[],
): RawNic {
	const index = number(adapter, "InterfaceIndex");
	const name = string(adapter, "Name") || `${index}`;
	const addresses = addressRows
		.map((row) => addressOf(row, index))
		.filter((address): address is NicAddress => address !== null);
	const listed = "InterfaceOperationalStatus" in adapter;
	const loopback = addresses.some(({ scope }) => scope === "host");
	const fromOs = loopback
		? "loopback"
		: kindOfAdapter({
				interfaceType: number(adapter, "InterfaceType"),
				physicalMedium: number(adapter, "NdisPhysicalMedium"),
				virtual: flag(adapter, "Virtual"),
			});
	const mtus = interfaces.map((row) => number(row, "NlMtu")).filter((mtu): mtu is number => mtu !== null);
	const guid = string(adapter, "InterfaceGuid");
	return {
		index,
		name,
		displayName: string(adapter, "InterfaceDescription") || name,
		...(guid ? { guid } : {}),
		kind: fromOs ?? kindByName(`${string(adapter, "InterfaceDescription") || name}`),
		kindFrom: fromOs ? "os" : "name",
		// 1 is "up" in MSFT_NetAdapter's admin and operational status; an IP interface without adapter is up.
		up: listed ? number(adapter, "InterfaceAdminStatus") !== 2 : true,
		running: listed ? number(adapter, "InterfaceOperationalStatus") === 1 : true,
		// The loopback says 2^32 - 1: no limit of its own.
		mtu: number(adapter, "MtuSize") ?? mtus.find((mtu) => mtu < 0xffff_ffff) ?? null,
		mac: cleanMac(string(adapter, "MacAddress")),
		master: null,
		bridgePort: false,
		addresses,
		addressesKnown: { 4: true, 6: true },
		routes: routeRows
			.map((row) => routeOf(row, interfaces, index))
			.filter((each): each is NicRoute => each !== null),
		reversePathFilter: null,
	};
}

/** One row of MSFT_NetIPAddress. */
function addressOf(row: Row, index: number | null): NicAddress | null {
	const found = canonicalIp(string(row, "IPAddress").replace(/%.*$/, ""));
	if (!found) return null;
	const state = member(row, "AddressState", ["Invalid", "Tentative", "Duplicate", "Deprecated", "Preferred"]);
	const suffix = member(row, "SuffixOrigin", ["Other", "Manual", "WellKnown", "Dhcp", "Link", "Random"]);
	const scope = scopeOf(found.af, found.ip);
	return {
		af: found.af,
		ip: found.af === 6 && scope === "link" && index !== null ? `${found.ip}%${index}` : found.ip,
		cidr: prefixOf(found.af, number(row, "PrefixLength")),
		scope,
		...(found.af === 6 && scope === "global" && suffix === "Random" ? { temporary: true } : {}),
		...(state === "Deprecated" ? { deprecated: true } : {}),
		...(state === "Tentative" || state === "Duplicate" ? { tentative: true } : {}),
	};
}

/** Windows adds the metric of the interface to that of the route. */
function routeOf(row: Row, interfaces: readonly Row[], index: number | null): NicRoute | null {
	const [network = "", prefix = ""] = string(row, "DestinationPrefix").split("/");
	const found = canonicalIp(network);
	const hop = canonicalIp(string(row, "NextHop").replace(/%.*$/, ""));
	if (!found || prefix === "") return null;
	const cidr = prefixOf(found.af, Number(prefix));
	if (cidr === null) return null;
	if (found.af === 4 ? Number(found.ip.split(".")[0]) >= 224 : found.ip.startsWith("ff")) return null;
	const families = found.af === 4 ? [2, "IPv4"] : [23, "IPv6"];
	const base = interfaces.find(({ AddressFamily }) => families.some((family) => family === AddressFamily));
	const metric = number(row, "RouteMetric");
	const onLink = !hop || /^[0.:]+$/.test(hop.ip);
	return {
		af: found.af,
		destination: found.ip,
		cidr,
		gateway: onLink
			? null
			: scopeOf(hop.af, hop.ip) === "link" && hop.af === 6
				? `${hop.ip}%${index}`
				: hop.ip,
		metric: metric === null ? null : metric + ((base && number(base, "InterfaceMetric")) ?? 0),
	};
}

/** A list of one is written as a bare object by PowerShell 5.1, an empty one as null. */
function rowsOf(value: unknown): Row[] {
	const list: readonly unknown[] = Array.isArray(value) ? value : [value];
	return list.filter((row): row is Row => typeof row === "object" && row !== null);
}

function string(row: Row, key: string): string {
	const value = row[key];
	return typeof value === "string" ? value : "";
}

function number(row: Row, key: string): number | null {
	const value = row[key];
	return typeof value === "number" ? value : null;
}

function flag(row: Row, key: string): boolean {
	return row[key] === true;
}

/** An enumeration's member: PowerShell 5.1 writes its number, other versions may write its name. */
function member<T extends string>(row: Row, key: string, members: readonly T[]): T | undefined {
	const value = row[key];
	return typeof value === "number" ? members[value] : members.find((each) => each === value);
}
