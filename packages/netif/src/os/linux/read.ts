import { cleanMac } from "../address-text.js";
import { readFallback } from "../fallback.js";
import { fromHostAddress, type HostAddresses, readHostAddresses, reasonOf } from "../host.js";
import { kindByName } from "../kind-by-name.js";
import type {
	EnumerateOptions,
	HostAddress,
	MissingFact,
	NicAddress,
	NicRoute,
	OsDeps,
	RawNic,
	RawSnapshot,
	RouteOnNic,
} from "../types.js";
import { type Inet6Line, parseIfInet6, parseProcIpv6Route, parseProcRoute, readLinuxNames } from "./proc.js";
import { readSysfsNic, type SysfsNic } from "./sysfs.js";

/** Notes a fact that could not be read. */
type Note = (nic: string | null, fact: string, reason: string) => void;

/** Linux: /proc/net, /sys/class/net and `os.networkInterfaces()`. Runs no child process unless all of them are refused. */
export async function readLinux(deps: OsDeps, options: EnumerateOptions): Promise<RawSnapshot> {
	const missing: MissingFact[] = [];
	const note: Note = (nic, fact, reason) => missing.push({ nic, fact, reason });
	let names: string[];
	try {
		names = readLinuxNames(deps);
	} catch (error) {
		return readFallback(
			deps,
			options,
			`neither /proc/net nor /sys/class/net can be read: ${reasonOf(error)}`,
		);
	}

	const host = readHostAddresses(deps);
	if (!host.ok) note(null, "addresses", `os.networkInterfaces(): ${host.reason}`);
	const inet6 = readProc(deps, note, "addresses", "/proc/net/if_inet6", parseIfInet6);
	const routes4 = readProc(deps, note, "routes", "/proc/net/route", (text) =>
		parseProcRoute(text, deps.endianness),
	);
	const routes6 = readProc(deps, note, "routes", "/proc/net/ipv6_route", parseProcIpv6Route);
	const routes = groupByNic([...(routes4 ?? []), ...(routes6 ?? [])]);
	const sysfs = readSysfs(deps, note, names, host, inet6);
	const byNic = sortHostAddresses(host, names, sysfs, note);

	const nics = names
		.filter((name) => sysfs.get(name) !== "vanished")
		.map((name): RawNic => {
			const known = sysfs.get(name);
			const facts = known === "vanished" ? undefined : known;
			const listed = byNic.get(name) ?? [];
			// libuv lists a NIC only while it is up and running, so a listed one is both.
			const running = facts?.running ?? (listed.length > 0 ? true : null);
			const internal = listed[0]?.host.internal === true;
			const own6 = inet6?.filter((line) => line.nic === name).map((line) => line.address);
			return {
				index: facts?.index ?? inet6?.find((line) => line.nic === name)?.index ?? null,
				name,
				displayName: facts?.displayName ?? name,
				kind: facts?.kind ?? (internal ? "loopback" : kindByName(name)),
				kindFrom: facts || internal ? "os" : "name",
				up: facts?.up ?? (listed.length > 0 ? true : null),
				running,
				mtu: facts?.mtu ?? null,
				mac: facts?.mac ?? cleanMac(listed[0]?.host.mac ?? ""),
				master: facts?.master ?? null,
				bridgePort: facts?.bridgePort ?? false,
				addresses: addressesOf(name, listed, own6),
				addressesKnown: {
					4: host.ok && running === true,
					6: inet6 !== null || (host.ok && running === true),
				},
				routes: routes.get(name) ?? [],
				reversePathFilter: facts?.reversePathFilter ?? null,
			};
		});
	for (const nic of nics) {
		if (host.ok && nic.running === false) note(nic.name, "addresses", "the link is down: IPv4 is not listed");
	}
	return { nics, routesKnown: { 4: routes4 !== null, 6: routes6 !== null }, missing };
}

function groupByNic(all: readonly RouteOnNic[]): Map<string, NicRoute[]> {
	const byNic = new Map<string, NicRoute[]>();
	for (const { nic, route } of all) {
		const routes = byNic.get(nic);
		if (routes) routes.push(route);
		else byNic.set(nic, [route]);
	}
	return byNic;
}

/** Reads a file of /proc/net. One that does not exist is an empty table (a kernel without IPv6). */
function readProc<T extends Inet6Line | RouteOnNic>(
	deps: OsDeps,
	note: Note,
	fact: string,
	path: string,
	parse: (text: string) => T[],
): T[] | null {
	try {
		return parse(deps.readFile(path));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
		note(null, fact, `${path}: ${reasonOf(error)}`);
		return null;
	}
}

/**
 * The sysfs facts of every NIC, or of none when /sys is refused or belongs to another network namespace (a process
 * that was moved into one still sees the /sys of the old one).
 */
function readSysfs(
	deps: OsDeps,
	note: Note,
	names: readonly string[],
	host: HostAddresses,
	inet6: readonly Inet6Line[] | null,
): Map<string, SysfsNic | "vanished"> {
	const facts = new Map<string, SysfsNic | "vanished">();
	const refuse = (reason: string): Map<string, SysfsNic | "vanished"> => {
		note(null, "kind, up, mtu, master", reason);
		return new Map();
	};
	for (const name of names) {
		try {
			facts.set(name, readSysfsNic(deps, name));
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
				return refuse(`/sys/class/net: ${reasonOf(error)}`);
			}
			if (readLinuxNames(deps).includes(name))
				return refuse("/sys/class/net does not show this namespace's NICs");
			facts.set(name, "vanished");
		}
	}
	for (const [name, nic] of facts) {
		if (nic === "vanished") continue;
		const line = inet6?.find((each) => each.nic === name);
		const mac = host.ok ? cleanMac(host.byName.get(name)?.[0]?.mac ?? "") : null;
		if (
			(line && nic.index !== null && line.index !== nic.index) ||
			(mac !== null && nic.mac !== null && mac !== nic.mac)
		) {
			return refuse("/sys/class/net shows another network namespace");
		}
	}
	return facts;
}

/** An address of `os.networkInterfaces()`, and the name that it was listed under. */
interface Listed {
	readonly host: HostAddress;
	readonly listedAs: string;
}

function sortHostAddresses(
	host: HostAddresses,
	names: readonly string[],
	sysfs: ReadonlyMap<string, SysfsNic | "vanished">,
	note: Note,
): Map<string, Listed[]> {
	const byNic = new Map<string, Listed[]>();
	if (!host.ok) return byNic;
	const macs = new Map(
		names.map((name) => {
			const nic = sysfs.get(name);
			return [name, nic && nic !== "vanished" ? nic.mac : null] as const;
		}),
	);
	for (const [listedAs, addresses] of host.byName) {
		const nic = nicOfLabel(listedAs, addresses, macs);
		if (nic === null) note(null, "addresses", `no NIC matches the label ${JSON.stringify(listedAs)}`);
		else byNic.set(nic, [...(byNic.get(nic) ?? []), ...addresses.map((each) => ({ host: each, listedAs }))]);
	}
	return byNic;
}

/**
 * The NIC that a name of `os.networkInterfaces()` belongs to. An address with a label (`ip addr add ... label
 * eth0:1`) is listed there under the label as if that were a NIC. Labels begin with the name of their NIC, so the
 * longest real name that the label begins with is used, if the hardware address agrees.
 *
 * @returns the name, or `null` if no NIC fits
 */
export function nicOfLabel(
	label: string,
	addresses: readonly HostAddress[],
	macs: ReadonlyMap<string, string | null>,
): string | null {
	if (macs.has(label)) return label;
	const mac = cleanMac(addresses[0]?.mac ?? "");
	const fits = [...macs]
		.filter(([name, itsMac]) => label.startsWith(name) && (mac === null || itsMac === null || mac === itsMac))
		.map(([name]) => name);
	return fits.sort((a, b) => b.length - a.length)[0] ?? null;
}

function addressesOf(
	name: string,
	listed: readonly Listed[],
	inet6: readonly NicAddress[] | undefined,
): NicAddress[] {
	const fromHost = listed
		.map(({ host, listedAs }) => fromHostAddress(host, name, listedAs === name ? undefined : listedAs))
		.filter((address): address is NicAddress => address !== null);
	// if_inet6 has flags, and links without a carrier. The addresses of getifaddrs are used only where it is refused.
	return [...fromHost.filter(({ af }) => af === 4), ...(inet6 ?? fromHost.filter(({ af }) => af === 6))];
}
