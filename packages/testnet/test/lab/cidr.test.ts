import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contains, isBlock, isBogon, isLinkLocal, parseCidr, prefixText } from "../../src/ip.js";
import { procEndpoint } from "../../src/lab/host/readiness.js";
import { readCidr } from "../../src/lab/plan/addressing.js";

const cidr4 = fc
	.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
	.map(([ip, bits]) => ({ ip, bits, family: "ipv4" as const }));
const cidr6 = fc
	.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }))
	.map(([ip, bits]) => ({ ip, bits, family: "ipv6" as const }));
const ipOf = (network: string): string => network.split("/")[0] ?? "";

describe("addresses with a prefix", () => {
	it("know their network and what lies in it, as Node does", () => {
		fc.assert(
			fc.property(fc.oneof(fc.tuple(cidr4, cidr4), fc.tuple(cidr6, cidr6)), ([one, other]) => {
				const list = new BlockList();
				list.addSubnet(one.ip, one.bits, one.family);
				const cidr = parseCidr(`${one.ip}/${one.bits}`);
				const network = prefixText(cidr.prefix);
				expect(list.check(ipOf(network), one.family)).toBe(true);
				expect(prefixText(parseCidr(network).prefix)).toBe(network);
				expect(contains(cidr.prefix, parseCidr(one.ip).ip)).toBe(true);
				expect(contains(cidr.prefix, parseCidr(other.ip).ip)).toBe(list.check(other.ip, other.family));
			}),
		);
	});

	it.each([
		["8.8.0.0/16", true],
		["203.0.113.7/24", false],
		["7.7.7.7/32", false],
		["10.0.0.0/31", false],
		["2020:deed:deed::/64", true],
		["2020:deed:beef::/128", false],
		["fe80::1/64", false],
	])("%s is a block: %s", (text, expected) => expect(isBlock(parseCidr(text))).toBe(expected));

	it("tells private and link-local ones", () => {
		const bogons = ["192.168.1.1", "100.64.0.0/24", "fd00::1", "fe80::1", "169.254.1.1"].map(parseCidr);
		expect(bogons.map(isBogon)).toEqual([true, true, true, true, true]);
		expect(bogons.map(isLinkLocal)).toEqual([false, false, false, true, true]);
		expect(["8.8.8.8", "100.128.0.1", "2a00::1"].map(parseCidr).map(isBogon)).toEqual([false, false, false]);
	});

	it.each(["", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/8/8", "::1/129", "fe80::1%eth0", "example.com"])(
		"refuses %j",
		(text) => expect(() => readCidr(text)).toThrow(expect.objectContaining({ code: "ERR_LAB_TOPOLOGY" })),
	);
});

describe.skipIf(process.platform !== "linux")("a bound socket", () => {
	it.each([
		["udp4", "127.0.0.1", "udp"],
		["udp6", "::1", "udp6"],
	] as const)("%s is found in the kernel's table", async (type, ip, table) => {
		const socket = createSocket(type);
		socket.bind(0, ip);
		await once(socket, "listening");
		const endpoint = procEndpoint(ip, socket.address().port);
		expect(readFileSync(`/proc/self/net/${table}`, "utf8")).toContain(`: ${endpoint} `);
		await new Promise<void>((resolve) => socket.close(() => resolve()));
	});
});
