import { canonicalIp, IPRange, IpAddress, netmaskToCidr } from "@p2pd/address";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { cleanMac, inNetwork, ipv6FromHex, prefixOfMask, readIp } from "../../src/os/address-text.js";
import { kindByName } from "../../src/os/kind-by-name.js";
import { nicOfLabel } from "../../src/os/linux/read.js";
import { kindOf } from "../../src/os/linux/sysfs.js";
import {
	parseHardwarePorts,
	parseIfconfig,
	parseIfInet6,
	parseNetstat,
	parseProcIpv6Route,
	parseProcRoute,
	parseWindows,
} from "../../src/os.js";
import { entry, procNetRoute } from "../support/fixture-os.js";

/** A number of bits that the family can have, or that is not known. */
const isPrefix = (af: 4 | 6, cidr: number | null): boolean =>
	cidr === null || (Number.isInteger(cidr) && cidr >= 0 && cidr <= (af === 4 ? 32 : 128));

const runs = process.env["P2PD_LONG"] === "1" ? 50_000 : 1000;
if (process.env["P2PD_LONG"] === "1") vi.setConfig({ testTimeout: 300_000 });
const v4 = fc
	.integer({ min: 0, max: 0xffff_ffff })
	.map((value) => `${IpAddress.fromBigInt(BigInt(value), 4)}`);
const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
	minLength: 8,
	maxLength: 8,
});

describe("address texts agree with @p2pd/address", () => {
	it("IPv6 as /proc prints it", () => {
		fc.assert(
			fc.property(groups, (each) => {
				const hex = each.map((group) => group.toString(16).padStart(4, "0")).join("");
				const long = hex.replace(/(.{4})(?!$)/g, "$1:");
				expect(String(ipv6FromHex(hex))).toBe(`${IpAddress.parse(long)}`);
			}),
			{ numRuns: runs },
		);
		expect(ipv6FromHex("fe80")).toBeNull();
	});

	it("has one canonical text of a v4-mapped address", () => {
		const line = "00000000000000000000ffff01020304 02 80 00 80 eth0\n";
		expect(parseIfInet6(line)[0]?.address.ip).toBe("::ffff:1.2.3.4");
		expect(parseIfInet6(line)[0]?.address.ip).toBe(canonicalIp("::ffff:102:304"));
	});

	it("what lies in which network", () => {
		fc.assert(
			fc.property(v4, v4, fc.integer({ min: 0, max: 32 }), (ip, network, cidr) => {
				expect(inNetwork(ip, network, cidr)).toBe(new IPRange(network, cidr).contains(ip));
			}),
			{ numRuns: runs },
		);
		expect(inNetwork("fe80::1%eth0", "fe80::", 10)).toBe(true);
		expect(inNetwork("1.2.3.4", "::", 0)).toBe(false);
		expect(inNetwork("no address", "0.0.0.0", 0)).toBe(false);
	});

	it("contiguous netmasks only", () => {
		for (let cidr = 0; cidr <= 32; cidr++) {
			const mask = new IPRange("1.2.3.4", cidr).netmask;
			expect(prefixOfMask(mask)).toBe(cidr);
			expect(netmaskToCidr(mask)).toBe(cidr);
		}
		expect(prefixOfMask("0xffffff00")).toBe(24);
		expect(prefixOfMask("ffff:ffff:ffff:ffff::")).toBe(64);
		for (const wrong of ["255.0.255.0", "0xff00ff00", "", "24", "255.255.255"])
			expect(prefixOfMask(wrong)).toBeNull();
	});

	it("MAC addresses, and other text", () => {
		expect(cleanMac("00-1E-67-FA-5D-42")).toBe("00:1e:67:fa:5d:42");
		expect(cleanMac("f8:4d:89:6c:2e:1")).toBe("f8:4d:89:6c:2e:01");
		for (const none of ["", "00:00:00:00:00:00", "hello", "12"]) expect(cleanMac(none)).toBeNull();
		expect(String(readIp("FE80::0001%eth0"))).toBe("fe80::1");
		expect(readIp("010.1.1.1")).toBeNull();
	});
});

describe("every parser takes anything", () => {
	const pieces = fc.constantFrom(
		"eth0",
		"lo",
		"00000000",
		"FFFFFFFF",
		"0003",
		"fe80",
		"::1",
		"\t",
		" ",
		"\n",
		"\r\n",
		"Internet:",
		"Internet6:",
		"Destination Gateway Flags Netif",
		"default",
		"UGSc",
		"link#4",
		"inet ",
		"inet6 ",
		"netmask",
		"0xff",
		"prefixlen",
		"prefixlen 400",
		"/400",
		"10/abc",
		"fe800000000000000000000000000001 02 ff 20 80 eth0",
		"en0: flags=8863<UP> mtu 1500",
		"ether",
		"Hardware Port: ",
		"Device: ",
		"{",
		"}",
		'"adapters":[',
		"null",
		"-1",
		"9".repeat(30),
	);
	const anything = fc.oneof(
		fc.string(),
		fc.array(pieces, { maxLength: 40 }).map((list) => list.join("")),
		fc.array(pieces, { maxLength: 40 }).map((list) => list.join(" ")),
	);

	it("and gives only whole addresses and prefixes", () => {
		fc.assert(
			fc.property(anything, fc.constantFrom("LE", "BE"), (text, endianness) => {
				const routes = [
					...parseProcRoute(text, endianness),
					...parseProcIpv6Route(text),
					...parseNetstat(text),
				];
				for (const { route } of routes) {
					expect(readIp(route.destination)?.af).toBe(route.af);
					expect(isPrefix(route.af, route.cidr)).toBe(true);
					if (route.gateway !== null) expect(readIp(route.gateway.replace(/%.*/, ""))?.af).toBe(route.af);
				}
				for (const { address } of parseIfInet6(text))
					expect(readIp(address.ip.replace(/%.*/, ""))?.af).toBe(6);
				for (const nic of parseIfconfig(text)) {
					for (const { af, ip, cidr } of nic.addresses) {
						expect(readIp(ip.replace(/%.*/, ""))?.af).toBe(af);
						expect(isPrefix(af, cidr)).toBe(true);
					}
				}
				parseHardwarePorts(text);
			}),
			{ numRuns: runs },
		);
	});

	it("Windows' JSON with any rows", () => {
		const value = fc.oneof(
			fc.string(),
			fc.integer(),
			fc.boolean(),
			fc.constant(null),
			fc.constantFrom("10.0.0.1", "fe80::1%3", "0.0.0.0/0", "::/0", 2, 23),
		);
		const key = fc.constantFrom(
			"Name",
			"InterfaceIndex",
			"InterfaceAlias",
			"IPAddress",
			"PrefixLength",
			"DestinationPrefix",
			"NextHop",
			"RouteMetric",
			"AddressFamily",
			"MacAddress",
			"Hidden",
			"InterfaceType",
		);
		const rows = fc.oneof(
			fc.array(fc.dictionary(key, value)),
			fc.dictionary(key, value),
			fc.constant(null),
			fc.string(),
		);
		const tables = fc.record(
			{ adapters: rows, interfaces: rows, addresses: rows, routes: rows },
			{ requiredKeys: [] },
		);
		fc.assert(
			fc.property(tables, (made) => {
				for (const nic of parseWindows(JSON.stringify(made))) {
					for (const { af, ip, cidr } of nic.addresses) {
						expect(readIp(ip.replace(/%.*/, ""))?.af).toBe(af);
						expect(isPrefix(af, cidr)).toBe(true);
					}
				}
			}),
			{ numRuns: runs },
		);
		for (const none of ["", "null", "[1", "WARNING"]) expect(() => parseWindows(none)).toThrow(SyntaxError);
	});
});

describe("/proc/net", () => {
	it("routes are read back as the kernel wrote them, in either byte order", () => {
		const hex = (ip: string, order: "LE" | "BE"): string => {
			const bytes = ip.split(".").map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, "0"));
			return (order === "LE" ? bytes.reverse() : bytes).join("");
		};
		const route = fc.record({
			network: v4,
			gateway: fc.option(v4),
			cidr: fc.integer({ min: 0, max: 32 }),
			metric: fc.nat(),
		});
		fc.assert(
			fc.property(fc.array(route), fc.constantFrom("LE", "BE"), (routes, order) => {
				const text = procNetRoute(
					...routes.map(({ network, gateway, cidr, metric }) =>
						[
							"eth0",
							hex(network, order),
							hex(gateway ?? "0.0.0.0", order),
							gateway === null ? "0001" : "0003",
							0,
							0,
							metric,
							hex(new IPRange(network, cidr).netmask, order),
							0,
							0,
							0,
						].join(" "),
					),
				);
				expect(parseProcRoute(text, order).map((each) => each.route)).toEqual(
					routes.map(({ network, gateway, cidr, metric }) => ({
						af: 4,
						destination: network,
						cidr,
						gateway,
						metric,
					})),
				);
			}),
			{ numRuns: runs / 10 },
		);
	});

	it("routes that are down or refused are none", () => {
		const text = procNetRoute(
			"eth0 00000000 0101A8C0 0002 0 0 0 00000000 0 0 0",
			"* 0000FEA9 00000000 0201 0 0 0 0000FFFF 0 0 0",
		);
		expect(parseProcRoute(text, "LE")).toEqual([]);
	});

	it("addresses come in one order, whatever the kernel's", () => {
		const lines = [
			"fe800000000000000000000000000006 02 40 20 80     eth0",
			"2a020000000000000000000000000009 02 40 00 80     eth0",
			"2a020000000000000000000000000001 02 40 00 80     eth0",
			"00000000000000000000000000000001 01 80 10 80       lo",
		];
		const expected = ["2a02::1", "2a02::9", "fe80::6%eth0", "::1"];
		for (const text of [lines.join("\n"), lines.toReversed().join("\n")]) {
			expect(parseIfInet6(text).map(({ address }) => address.ip)).toEqual(expected);
		}
	});

	it("addresses have their flags: temporary, deprecated, a duplicate, still being checked", () => {
		const line = (flags: string): string =>
			`2a0200000000000000000000000000${flags} 02 40 00 ${flags}     eth0`;
		const found = parseIfInet6(["01", "20", "40", "08", "80"].map(line).join("\n"));
		expect(
			found.map(({ address: { temporary, deprecated, tentative } }) => ({
				temporary,
				deprecated,
				tentative,
			})),
		).toEqual([{ temporary: true }, { deprecated: true }, { tentative: true }, { tentative: true }, {}]);
	});
});

it("a label belongs to the NIC that it begins with, by the hardware address where that tells", () => {
	const macs = new Map([
		["eth0", "aa:00:00:00:00:01"],
		["eth01", "aa:00:00:00:00:02"],
		["lo", null],
	]);
	const at = (mac: string) => [entry("10.0.0.1/24", mac)];
	expect(nicOfLabel("eth0", at("aa:00:00:00:00:01"), macs)).toBe("eth0");
	expect(nicOfLabel("eth0:1", at("aa:00:00:00:00:01"), macs)).toBe("eth0");
	expect(nicOfLabel("eth01:1", at("aa:00:00:00:00:02"), macs)).toBe("eth01");
	expect(nicOfLabel("eth01:1", at("aa:00:00:00:00:01"), macs)).toBe("eth0");
	expect(nicOfLabel("lo:1", at("00:00:00:00:00:00"), macs)).toBe("lo");
	expect(nicOfLabel("wlan0:1", at("aa:00:00:00:00:01"), macs)).toBeNull();
});

describe("what a NIC is", () => {
	it.each([
		["wlan0", { devtype: "wlan" }, "wireless"],
		["an old wireless driver", { entries: ["wireless"] }, "wireless"],
		["wwan0", { devtype: "wwan" }, "cellular"],
		["a modem of raw IP", { hardwareType: 519 }, "cellular"],
		["a card", { entries: ["device"] }, "ethernet"],
		["a veth", {}, "virtual"],
		["a VLAN", { devtype: "vlan" }, "virtual"],
		["docker0", { devtype: "bridge" }, "bridge"],
		["an openvswitch bridge", { entries: ["bridge"] }, "bridge"],
		["wg0", { devtype: "wireguard", hardwareType: 65534 }, "tunnel"],
		["a tun device without a type", { hardwareType: 65534 }, "tunnel"],
		["a tap device", { entries: ["tun_flags"] }, "tunnel"],
		["ppp0", { devtype: "ppp", hardwareType: 512 }, "tunnel"],
		["sit0", { hardwareType: 776 }, "tunnel"],
		["lo under any name", { hardwareType: 772, flags: 0x9 }, "loopback"],
		["CAN", { hardwareType: 280 }, "unknown"],
		["nothing known", { hardwareType: null }, "unknown"],
	])(
		"%s, by the Linux kernel",
		(_, {
			entries = [],
			...facts
		}: { entries?: string[]; devtype?: string; hardwareType?: number | null; flags?: number }, kind) => {
			expect(
				kindOf({ devtype: null, hardwareType: 1, flags: 0x1003, entries: new Set(entries), ...facts }),
			).toBe(kind);
		},
	);

	// D-54: P2PD takes veth12ab and "vEthernet (WSL)" for Ethernet, and "Wi-Fi" for unknown.
	it.each([
		["lo", "loopback"],
		["lo0", "loopback"],
		["Loopback Pseudo-Interface 1", "loopback"],
		["eth0", "ethernet"],
		["eth0.100", "ethernet"],
		["en0", "ethernet"],
		["enp3s0", "ethernet"],
		["ens33", "ethernet"],
		["eno1", "ethernet"],
		["enx001122334455", "ethernet"],
		["Ethernet 2", "ethernet"],
		["wlan0", "wireless"],
		["wlp2s0", "wireless"],
		["wlx001122334455", "wireless"],
		["Wi-Fi", "wireless"],
		["WiFi", "wireless"],
		["Wireless LAN", "wireless"],
		["Intel(R) Wi-Fi 6 AX200 160MHz", "wireless"],
		["veth12ab", "virtual"],
		["vEthernet (WSL)", "virtual"],
		["bond0", "virtual"],
		["docker0", "bridge"],
		["br-1", "bridge"],
		["br0", "bridge"],
		["virbr0", "bridge"],
		["tun0", "tunnel"],
		["utun3", "tunnel"],
		["wg0", "tunnel"],
		["ppp0", "tunnel"],
		["tailscale0", "tunnel"],
		["wwan0", "cellular"],
		["rmnet_data2", "cellular"],
		["usb0", "unknown"],
		["α", "unknown"],
		["", "unknown"],
	])("%j by its name, where nothing better is known", (name, kind) => {
		expect(kindByName(name)).toBe(kind);
	});
});
