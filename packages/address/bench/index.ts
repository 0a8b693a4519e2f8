import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { compareAll } from "@p2pd/testnet/bench";
import ipaddr from "ipaddr.js";
import { Address, IPRange, IpAddress, isIp, isPublicIp, parseTarget } from "../src/index.js";

/* Against what one would take instead: ipaddr.js alone, Node's net module, URL, and dns.lookup. */

const texts = [
	"192.168.1.20",
	"8.8.8.8",
	"2001:db8::1",
	"2a00:1450:4001:82a::200e",
	"::1",
	"fe80::1",
	"10.0.0.1",
	"1.2.3",
];
const valid = texts.slice(0, -1);
const times = 2000;
const each = (list: readonly string[], act: (text: string) => unknown) => () => {
	for (let i = 0; i < times; i++) for (const text of list) act(text);
};

const block = new BlockList();
block.addSubnet("2001:db8::", 32, "ipv6");
const range = IPRange.parse("2001:db8::/32");
const [host, hostText] = [IpAddress.parse("2001:db8::1"), "2001:db8::1"];
const targets = ["example.com:80", "1.2.3.4:80", "[2001:db8::1]:443"];
const looked = 20;

await compareAll([
	{
		name: "read: IpAddress.parse / ipaddr.js",
		ops: times * valid.length,
		baseline: each(valid, (text) => ipaddr.parse(text)),
		candidate: each(valid, IpAddress.parse),
	},
	{
		name: "check: isIp / net.isIP",
		ops: times * texts.length,
		baseline: each(texts, isIP),
		candidate: each(texts, isIp),
	},
	{
		name: "classify: isPublicIp / ipaddr.js range()",
		ops: times * valid.length,
		baseline: each(valid, (text) => ipaddr.parse(text).range() === "unicast"),
		candidate: each(valid, isPublicIp),
	},
	{
		name: "contains: IPRange / net.BlockList",
		ops: times,
		baseline: each([hostText], (text) => block.check(text, "ipv6")),
		candidate: each([hostText], () => range.contains(host)),
	},
	{
		name: "target: parseTarget / URL",
		ops: times * targets.length,
		baseline: each(targets, (text) => new URL(`any://${text}`)),
		candidate: each(targets, (text) => parseTarget(text)),
	},
	{
		name: "name of the hosts file: Address.res / dns.lookup",
		ops: looked,
		baseline: async () => {
			for (let i = 0; i < looked; i++) await lookup("localhost", { all: true });
		},
		candidate: async () => {
			for (let i = 0; i < looked; i++) await new Address("localhost", 80).res();
		},
	},
]);
