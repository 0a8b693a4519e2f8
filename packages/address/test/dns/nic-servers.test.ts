import { ManualClock } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	findNicServers,
	type NicServersDeps,
	parseNetsh,
	parseNmcli,
	parseResolvConf,
	parseResolvectl,
	parseScutil,
	systemNicServers,
} from "../../src/dns/nic-servers.js";

const eth1 = { name: "eth1", index: 3, isDefault: () => false };
const never = new AbortController().signal;

/** A system with these files and these outputs of commands. Notes every command that runs. */
function system(
	files: Readonly<Record<string, string>>,
	commands: Readonly<Record<string, string>> = {},
	platform: NodeJS.Platform = "linux",
): NicServersDeps & { readonly ran: string[] } {
	const ran: string[] = [];
	return {
		ran,
		platform,
		readFile: async (path) => files[path] ?? null,
		run: async (command, args) => {
			ran.push([command, ...args].join(" "));
			return commands[command] ?? null;
		},
		systemServers: () => ["198.51.100.53"],
	};
}

const find = (deps: NicServersDeps, af: 4 | 6 = 4) => findNicServers(eth1, af, deps, never);

const STUB = "# by systemd-resolved\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lan\n";

describe("the DNS servers of a NIC on Linux", () => {
	it("are those that resolved or networkd have for the link", async () => {
		const files = {
			"/etc/resolv.conf": "nameserver 9.9.9.9\n",
			"/run/systemd/netif/links/3": "ADMIN_STATE=configured\nDNS=192.168.2.1 fe80::1\nNTP=\nDOMAINS=lan\n",
		};
		expect(await find(system(files))).toEqual(["192.168.2.1"]);
		expect(await find(system(files), 6)).toEqual(["fe80::1%eth1"]);
		const byHand = {
			...files,
			"/run/systemd/resolve/netif/3": "MDNS=no\nSERVERS=10.0.0.1:5353#dns.lan 10.0.0.2\n",
		};
		expect(await find(system(byHand))).toEqual(["10.0.0.1:5353", "10.0.0.2"]);
	});

	it("are asked of resolvectl and nmcli where those services run", async () => {
		const files = {
			"/etc/resolv.conf": STUB,
			"/run/systemd/resolve/resolv.conf": "nameserver 192.168.1.1\nnameserver 192.168.2.1\n",
		};
		const resolved = system(files, { resolvectl: "Link 3 (eth1): 192.168.2.1 2a00::53\n" });
		expect(await find(resolved)).toEqual(["192.168.2.1"]);
		expect(resolved.ran).toEqual(["resolvectl dns 3"]);
		const manager = system(
			{
				"/etc/resolv.conf": "nameserver 9.9.9.9\n",
				"/run/NetworkManager/resolv.conf": "nameserver 9.9.9.9\n",
			},
			{ nmcli: "192.168.2.1 | 192.168.2.2\n2a00\\:\\:53\n" },
		);
		expect(await find(manager)).toEqual(["192.168.2.1", "192.168.2.2"]);
		expect(await find(manager, 6)).toEqual(["2a00::53"]);
	});

	it("are the system's where the NIC has none of the family, and a stub's upstream servers", async () => {
		expect(await find(system({ "/etc/resolv.conf": "nameserver 9.9.9.9\nnameserver 127.0.0.1\n" }))).toEqual([
			"9.9.9.9",
		]);
		const stub = { "/etc/resolv.conf": STUB };
		const upstream = { ...stub, "/run/NetworkManager/no-stub-resolv.conf": "nameserver 192.168.1.1\n" };
		expect(await find(system(upstream))).toEqual(["192.168.1.1"]);
		expect(await find(system(upstream), 6)).toEqual([]);
		expect(await find(system(stub))).toEqual([]);
		expect(await find(system({}))).toEqual([]);
	});

	it("leave out what another NIC would answer: loopback, the any-address, another link's neighbour", async () => {
		const text = "nameserver ::1\nnameserver 0.0.0.0\nnameserver fe80::1%eth0\nnameserver nonsense\n";
		expect(await find(system({ "/etc/resolv.conf": text }))).toEqual([]);
		expect(await find(system({ "/etc/resolv.conf": text }), 6)).toEqual([]);
		const own = system({ "/etc/resolv.conf": "nameserver fe80::1%3\nnameserver fe80::2%eth1\n" });
		expect(await find(own, 6)).toEqual(["fe80::1%eth1", "fe80::2%eth1"]);
	});

	it("are remembered for a burst of lookups, and no longer", async () => {
		const clock = new ManualClock();
		const deps = system(
			{ "/run/systemd/resolve/resolv.conf": "" },
			{ resolvectl: "Link 3 (eth1): 10.0.0.1\n" },
		);
		const nicServers = systemNicServers(deps, clock);
		expect(await nicServers(eth1, 4, never)).toEqual(["10.0.0.1"]);
		expect(await nicServers(eth1, 4, never)).toEqual(["10.0.0.1"]);
		expect(deps.ran).toHaveLength(1);
		await clock.advance(2000);
		expect(await nicServers(eth1, 4, never)).toEqual(["10.0.0.1"]);
		expect(deps.ran).toHaveLength(2);
		await expect(findNicServers(eth1, 4, deps, AbortSignal.abort(new Error("enough")))).rejects.toThrow(
			"enough",
		);
	});
});

describe("the DNS servers of a NIC elsewhere", () => {
	it("come from scutil on macOS", async () => {
		const text = [
			"DNS configuration",
			"",
			"resolver #1",
			"  search domain[0] : lan",
			"  nameserver[0] : 192.168.1.1",
			"  if_index : 11 (en0)",
			"  flags    : Request A records",
			"",
			"resolver #2",
			"  domain   : local",
			"  options  : mdns",
			"  nameserver[0] : 10.9.9.9",
			"  if_index : 12 (eth1)",
			"",
			"DNS configuration (for scoped queries)",
			"",
			"resolver #1",
			"  nameserver[0] : 192.168.2.1",
			"  nameserver[1] : fe80::1%eth1",
			"  if_index : 12 (eth1)",
			"  flags    : Scoped, Request A records",
		].join("\n");
		expect(parseScutil(text, "eth1")).toEqual(["192.168.2.1", "fe80::1%eth1"]);
		const mac = system(
			{ "/etc/resolv.conf": "nameserver 192.168.1.1\n" },
			{ "/usr/sbin/scutil": text },
			"darwin",
		);
		expect(await find(mac)).toEqual(["192.168.2.1"]);
		expect(await find(mac, 6)).toEqual(["fe80::1%eth1"]);
	});

	it("come from netsh on Windows, in any language", async () => {
		const text = [
			'Konfiguration der Schnittstelle "Ethernet 2"',
			"    Statisch konfigurierte DNS-Server:    192.168.2.1",
			"                                          192.168.2.2",
			"    Mit welchem Suffix registrieren:      Nur primär",
		].join("\r\n");
		expect(parseNetsh(text)).toEqual(["192.168.2.1", "192.168.2.2"]);
		const netsh = String.raw`C:\Windows\System32\netsh.exe`;
		const windows = system({}, { [netsh]: text }, "win32");
		expect(await find(windows)).toEqual(["192.168.2.1", "192.168.2.2"]);
		expect(windows.ran).toEqual([`${netsh} interface ipv4 show dnsservers name=3`]);
		expect(await find(system({}, {}, "win32"))).toEqual(["198.51.100.53"]);
	});
});

describe("the parsers", () => {
	it("take nothing from text that says nothing", () => {
		for (const text of ["", "\n\n", "garbage", "nameserver", "Link 2 (eth0):", "nameserver\n9.9.9.9"]) {
			expect(
				[parseResolvConf(text), parseResolvectl(text), parseScutil(text, "eth0"), parseNetsh(text)].flat(),
			).toEqual(text.includes("9.9.9.9") ? ["9.9.9.9"] : []);
		}
		expect(parseNmcli(" \n--\n")).toEqual(["--"]);
	});
});
