import { expect, it } from "vitest";
import { reachableServers } from "../../src/stun-servers.js";
import { type NicSpec, nic } from "../support/snapshots.js";

const at = (host: string, families?: readonly (4 | 6)[]) => ({
	host,
	port: 3478,
	...(families ? { families } : {}),
});
const all = [
	at("194.9.10.11"),
	at("2a01:4f8:c0c::11"),
	at("stun.example.com"),
	at("four.example.com", [4]),
	at("192.168.1.99"),
	at("127.0.0.2"),
	at("::1"),
	at("localhost"),
];
const gateway: NicSpec = { name: "eth0", addresses: ["192.168.1.20/24"], gateways: { 4: "192.168.1.1" } };
const island: NicSpec = { name: "eth1", addresses: ["192.168.1.20/24"] };
const lo: NicSpec = { name: "lo", kind: "loopback", addresses: ["127.0.0.1/8", "::1/128"] };

const hosts = (spec: NicSpec, af: 4 | 6, known = true): string[] =>
	reachableServers(nic(spec), af, all, known).servers.map(({ host }) => host);

it("a NIC with a gateway leads to all that have the family", () => {
	expect(hosts(gateway, 4)).toEqual([
		"194.9.10.11",
		"stun.example.com",
		"four.example.com",
		"192.168.1.99",
		"127.0.0.2",
		"localhost",
	]);
});

it("one without leads to its own link, to where a route leads, and to this host", () => {
	expect(hosts(island, 4)).toEqual(["192.168.1.99", "127.0.0.2", "localhost"]);
	const route = { af: 4, destination: "194.9.0.0", cidr: 16, gateway: "192.168.1.7", metric: 0 } as const;
	expect(hosts({ ...island, info: { routes: [route] } }, 4)[0]).toBe("194.9.10.11");
	expect(hosts(island, 6)).toEqual(["::1", "localhost"]);
});

it("where the OS tells no routes, nothing is left out for want of one", () => {
	expect(hosts(island, 4, false)).toEqual(hosts(gateway, 4));
});

it("the loopback leads to this host alone", () => {
	expect(hosts(lo, 4)).toEqual(["127.0.0.2", "localhost"]);
	expect(hosts(lo, 6)).toEqual(["::1", "localhost"]);
	expect(hosts(lo, 4, false)).toEqual(["127.0.0.2", "localhost"]);
});

it("no server left is a reason", () => {
	const reason = (spec: NicSpec, af: 4 | 6, servers = [at("194.9.10.11")]) => {
		const found = reachableServers(nic(spec), af, servers, true);
		return "reason" in found ? found.reason : null;
	};
	expect(reason(gateway, 6)).toBe("no STUN server has IPv6");
	expect(reason(gateway, 4, [])).toBe("no STUN server has IPv4");
	expect(reason(island, 4)).toBe("eth1 has no IPv4 gateway and no STUN server on its link");
	expect(reason(lo, 4)).toBe("the loopback leads to no STUN server");
	expect(reason(gateway, 4)).toBeNull();
});
