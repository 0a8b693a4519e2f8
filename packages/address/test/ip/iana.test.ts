import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { classifyIp, IPRange, type IpClass, isPublicIp } from "../../src/index.js";
import { SPECIAL_V4, SPECIAL_V6 } from "../../src/ip/index.js";
import { v4, v6 } from "../arbitraries.js";

/*
 * The lines of the two IANA special-purpose registries (November 2025): block, "Globally Reachable", and the
 * class that this package gives it. Written down apart from the table in src, so that a slip in one shows.
 */
type Line = readonly [block: string, reachable: "True" | "False" | "N/A", ipClass: IpClass];

const ipv4: readonly Line[] = [
	["0.0.0.0/8", "False", "this-network"],
	["0.0.0.0/32", "False", "unspecified"],
	["10.0.0.0/8", "False", "private"],
	["100.64.0.0/10", "False", "shared"],
	["127.0.0.0/8", "False", "loopback"],
	["169.254.0.0/16", "False", "link-local"],
	["172.16.0.0/12", "False", "private"],
	["192.0.0.0/24", "False", "protocol"],
	["192.0.0.0/29", "False", "protocol"],
	["192.0.0.8/32", "False", "protocol"],
	["192.0.0.9/32", "True", "protocol"],
	["192.0.0.10/32", "True", "protocol"],
	["192.0.0.170/32", "False", "protocol"],
	["192.0.0.171/32", "False", "protocol"],
	["192.0.2.0/24", "False", "documentation"],
	["192.31.196.0/24", "True", "public"],
	["192.52.193.0/24", "True", "public"],
	["192.88.99.0/24", "N/A", "reserved"],
	["192.88.99.2/32", "False", "reserved"],
	["192.168.0.0/16", "False", "private"],
	["192.175.48.0/24", "True", "public"],
	["198.18.0.0/15", "False", "benchmarking"],
	["198.51.100.0/24", "False", "documentation"],
	["203.0.113.0/24", "False", "documentation"],
	["240.0.0.0/4", "False", "reserved"],
	["255.255.255.255/32", "False", "broadcast"],
];

const ipv6: readonly Line[] = [
	["::1/128", "False", "loopback"],
	["::/128", "False", "unspecified"],
	["::ffff:0:0/96", "False", "protocol"],
	["64:ff9b::/96", "True", "nat64"],
	["64:ff9b:1::/48", "False", "nat64"],
	["100::/64", "False", "discard"],
	["100:0:0:1::/64", "False", "discard"],
	["2001::/23", "False", "protocol"],
	["2001::/32", "N/A", "teredo"],
	["2001:1::1/128", "True", "protocol"],
	["2001:1::2/128", "True", "protocol"],
	["2001:1::3/128", "True", "protocol"],
	["2001:2::/48", "False", "benchmarking"],
	["2001:3::/32", "True", "public"],
	["2001:4:112::/48", "True", "public"],
	["2001:10::/28", "N/A", "reserved"],
	["2001:20::/28", "True", "protocol"],
	["2001:30::/28", "True", "protocol"],
	["2001:db8::/32", "False", "documentation"],
	["2002::/16", "N/A", "6to4"],
	["2620:4f:8000::/48", "True", "public"],
	["3fff::/20", "False", "documentation"],
	["5f00::/16", "False", "protocol"],
	["fc00::/7", "False", "unique-local"],
	["fe80::/10", "False", "link-local"],
];

/** Blocks of the two address space registries that are not unicast for everybody. */
const space: readonly Line[] = [
	["224.0.0.0/4", "N/A", "multicast"],
	["ff00::/8", "N/A", "multicast"],
	["fec0::/10", "N/A", "reserved"],
	["::/96", "N/A", "reserved"],
	["::/0", "N/A", "reserved"],
	["2000::/3", "N/A", "public"],
];

const lines = [...ipv4, ...ipv6, ...space];
const ranges = lines.map(([block, reachable, ipClass]) => ({
	range: IPRange.parse(block),
	reachable,
	ipClass,
}));

/** The line of the smallest block that holds an address. */
function lineOf(address: string) {
	return ranges.filter(({ range }) => range.contains(address)).sort((a, b) => b.range.cidr - a.range.cidr)[0];
}

describe("the special-purpose registries", () => {
	it("are the table, line by line", () => {
		const word = { True: true, False: false, "N/A": null } as const;
		const table = [...SPECIAL_V4, ...SPECIAL_V6].map(({ cidr, reachable, ipClass }) => [
			IPRange.parse(cidr).toString(),
			reachable,
			ipClass,
		]);
		const registry = lines.map(([block, reachable, ipClass]) => [
			IPRange.parse(block).toString(),
			word[reachable],
			ipClass,
		]);
		expect(table.map(String).sort()).toEqual(registry.map(String).sort());
		for (const { name, rfc } of [...SPECIAL_V4, ...SPECIAL_V6]) expect([name, rfc]).not.toContain("");
	});

	it.each(lines)(
		"%s, reachable %s: its ends are %s, and what lies outside is not it",
		(block, _reachable, ipClass) => {
			const range = IPRange.parse(block);
			for (const end of [range.network, range.last]) {
				if (block === "::ffff:0:0/96") continue; // An address in it is what its IPv4 address is.
				expect(classifyIp(`${end}`)).toBe(lineOf(`${end}`)?.ipClass);
			}
			const middle = range.at(range.size / 2n);
			if (block !== "::ffff:0:0/96") expect(classifyIp(`${middle}`)).toBe(lineOf(`${middle}`)?.ipClass);
			if (range.isSingle) expect(classifyIp(`${range.first}`)).toBe(ipClass);
			for (const outside of neighbours(range)) {
				const expected = lineOf(outside)?.ipClass ?? "public";
				expect([outside, classifyIp(outside)]).toEqual([outside, expected]);
			}
		},
	);

	it("is never public where IANA says it is not globally reachable", () => {
		const inBlock = fc
			.tuple(fc.constantFrom(...ranges), fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }))
			.map(([line, seed]) => `${line.range.at(seed % line.range.size)}`);
		fc.assert(
			fc.property(fc.oneof(inBlock, v4.map(String), v6.map(String)), (address) => {
				fc.pre(!address.startsWith("::ffff:"));
				const line = lineOf(address);
				expect(classifyIp(address)).toBe(line?.ipClass ?? "public");
				if (line && line.reachable !== "True" && line.ipClass !== "public")
					expect(isPublicIp(address)).toBe(false);
			}),
			{ numRuns: 5000 },
		);
	});

	it("agrees with ipaddr.js on what is unicast, but where that has no line for it", () => {
		// ipaddr.js 2.5 takes all that it has no name for as unicast.
		const unknownToIt = [
			"192.0.0.0/24",
			"100::/63",
			"2001::/23",
			"3fff::/20",
			"5f00::/16",
			"64:ff9b:1::/48",
			"::/96",
			"::/3",
			"4000::/2",
			"8000::/1",
		];
		const known = (address: string): boolean =>
			!unknownToIt.some((block) => IPRange.parse(block).contains(address));
		const special = new Set(["192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "2620:4f:8000::/48"]);
		const anycast = (address: string): boolean =>
			[...special].some((block) => IPRange.parse(block).contains(address));
		fc.assert(
			fc.property(fc.oneof(v4.map(String), v6.map(String)), (address) => {
				fc.pre(known(address) && !anycast(address));
				expect([address, isPublicIp(address)]).toEqual([
					address,
					ipaddr.parse(address).range() === "unicast",
				]);
			}),
			{ numRuns: 5000 },
		);
	});

	it("calls public what a host on the Internet has, and none of P2PD's mistakes", () => {
		const ips = [
			"1.1.1.1",
			"8.8.8.8",
			"193.168.0.1",
			"7.7.7.7",
			"2020:deed:beef::",
			"2606:4700::1111",
			"::ffff:8.8.8.8",
		];
		expect(ips.filter((ip) => !isPublicIp(ip))).toEqual([]);
		const not = [
			"100.64.0.1",
			"224.0.0.1",
			"ff02::1",
			"192.0.0.9",
			"64:ff9b::1",
			"2002:102:304::",
			"::ffff:10.0.0.1",
			"0.0.0.0",
			"::",
			"4000::1",
		];
		expect(not.filter(isPublicIp)).toEqual([]);
	});
});

/** The addresses right before and after a block. */
function neighbours(range: IPRange): string[] {
	const top = range.af === 4 ? (1n << 32n) - 1n : (1n << 128n) - 1n;
	return [range.network.toBigInt() - 1n, range.last.toBigInt() + 1n]
		.filter((value) => value >= 0n && value <= top)
		.map((value) => `${IPRange.fromBigInt(value, range.af).first}`)
		.filter((text) => !text.startsWith("::ffff:"));
}
