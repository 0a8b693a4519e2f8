import { cleanMac, prefixOf, readIp, scopeOf, textOnNic } from "../address-text.js";
import { kindByName } from "../kind-by-name.js";
import type { NicAddress, NicKind, NicRoute, RawNic } from "../types.js";

/** One object of a JSON list, with the fields that this Windows' cmdlet has. */
type Row = Readonly<Record<string, unknown>>;

/**
 * The NICs in the JSON that the script prints. Every adapter that is not hidden, and every one that has an IP
 * interface: the loopback and some tunnels are in no list of adapters.
 *
 * @throws SyntaxError if the text is not a JSON object
 */
export function parseWindows(text: string): RawNic[] {
	// Text before the object is a message of a module that writes to the output.
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
		// The loopback reports 2^32 - 1, which means no limit.
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
	const ip = readIp(string(row, "IPAddress"));
	if (ip === null) return null;
	const state = member(row, "AddressState", ["Invalid", "Tentative", "Duplicate", "Deprecated", "Preferred"]);
	const suffix = member(row, "SuffixOrigin", ["Other", "Manual", "WellKnown", "Dhcp", "Link", "Random"]);
	const scope = scopeOf(ip);
	return {
		af: ip.af,
		ip: index === null ? ip.toString() : textOnNic(ip, `${index}`),
		cidr: prefixOf(ip.af, number(row, "PrefixLength")),
		scope,
		...(ip.af === 6 && scope === "global" && suffix === "Random" ? { temporary: true } : {}),
		...(state === "Deprecated" ? { deprecated: true } : {}),
		...(state === "Tentative" || state === "Duplicate" ? { tentative: true } : {}),
	};
}

/** Windows adds the metric of the interface to that of the route. */
function routeOf(row: Row, interfaces: readonly Row[], index: number | null): NicRoute | null {
	const [network = "", prefix = ""] = string(row, "DestinationPrefix").split("/");
	const destination = readIp(network);
	const hop = readIp(string(row, "NextHop"));
	if (destination === null || prefix === "") return null;
	const { af } = destination;
	const cidr = prefixOf(af, Number(prefix));
	if (cidr === null) return null;
	if (destination.isMulticast || (af === 4 && Number(network.split(".")[0]) >= 224)) return null;
	const families = af === 4 ? [2, "IPv4"] : [23, "IPv6"];
	const base = interfaces.find(({ AddressFamily }) => families.some((family) => family === AddressFamily));
	const metric = number(row, "RouteMetric");
	return {
		af,
		destination: destination.toString(),
		cidr,
		gateway: hop === null || hop.isUnspecified ? null : textOnNic(hop, `${index}`),
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

/** Windows' facts about an adapter's kind. */
interface AdapterFacts {
	/** IANA ifType. */
	readonly interfaceType: number | null;
	/** NDIS_PHYSICAL_MEDIUM. */
	readonly physicalMedium: number | null;
	readonly virtual: boolean;
}

/** IANA ifType values. */
const BY_TYPE: Readonly<Record<number, NicKind>> = {
	23: "tunnel", // ppp: dial-up VPNs
	24: "loopback", // softwareLoopback
	53: "tunnel", // propVirtual: Wintun, WireGuard
	71: "wireless", // ieee80211
	131: "tunnel", // tunnel
	209: "bridge", // bridge
	243: "cellular", // wwanPP
	244: "cellular", // wwanPP2
};

/** NDIS_PHYSICAL_MEDIUM values. */
const BY_MEDIUM: Readonly<Record<number, NicKind>> = {
	1: "wireless", // WirelessLan
	8: "cellular", // WirelessWan
	9: "wireless", // Native802_11
	10: "wireless", // BlueTooth
};

/** The kind of a Windows adapter by its driver's facts; `null` if they say nothing. */
function kindOfAdapter({ interfaceType, physicalMedium, virtual }: AdapterFacts): NicKind | null {
	const byMedium = physicalMedium === null ? undefined : BY_MEDIUM[physicalMedium];
	const byType = interfaceType === null ? undefined : BY_TYPE[interfaceType];
	if (byMedium ?? byType) return byMedium ?? byType ?? null;
	if (interfaceType !== 6) return null;
	return virtual ? "virtual" : "ethernet";
}
