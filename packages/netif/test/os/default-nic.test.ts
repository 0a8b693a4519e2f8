import { describe, expect, it } from "vitest";
import { chooseDefault, lookUpRoute, probeDestination } from "../../src/os/default-nic.js";
import type { NicRoute, RawNic, RawSnapshot } from "../../src/os/types.js";
import { nic } from "../support/snapshots.js";

const route = (text: string, gateway: string | null = "10.0.0.254", metric = 100): NicRoute => {
	const [destination = "", cidr] = text.split("/");
	return { af: destination.includes(":") ? 6 : 4, destination, cidr: Number(cidr), gateway, metric };
};
const host = (
	name: string,
	addresses: string[],
	routes: NicRoute[],
	change: Partial<RawNic> = {},
): RawNic => ({
	...nic({ name, addresses }),
	routes,
	...change,
});
const raw = (nics: RawNic[], change: Partial<RawSnapshot> = {}): RawSnapshot => ({
	nics,
	routesKnown: { 4: true, 6: true },
	missing: [],
	...change,
});
const eth0 = host("eth0", ["10.0.0.5/24"], [route("0.0.0.0/0")]);
const eth1 = host("eth1", ["10.1.0.5/24"], [route("0.0.0.0/0", "10.1.0.254", 200)]);
const vpn = (routes: NicRoute[]) => host("vpn0", ["10.8.0.2/24"], routes, { kind: "tunnel" });

describe("the default NIC", () => {
	it("is the kernel's choice, confirmed by the table", () => {
		expect(chooseDefault(raw([eth0, eth1]), 4, { ip: "10.0.0.5", code: null })).toEqual({
			name: "eth0",
			source: "10.0.0.5",
			from: "kernel",
			confirmed: true,
		});
	});

	it("is the kernel's choice even against the table, which knows no policy rules (WireGuard)", () => {
		expect(chooseDefault(raw([eth0, vpn([])]), 4, { ip: "10.8.0.2", code: null })).toMatchObject({
			name: "vpn0",
			confirmed: false,
		});
	});

	it("is that of the two halves that a VPN lays over the default route", () => {
		const halves = vpn([route("0.0.0.0/1", null), route("128.0.0.0/1", null)]);
		expect(chooseDefault(raw([eth0, halves]), 4, { ip: "10.8.0.2", code: null })).toMatchObject({
			name: "vpn0",
			confirmed: true,
		});
	});

	it("is null if the kernel has no route, whatever the table says", () => {
		expect(chooseDefault(raw([eth0]), 4, { ip: null, code: "ENETUNREACH" })).toBeNull();
	});

	it("is the table's where the source address is on the loopback, on none, or on two", () => {
		const lo = host("lo", ["127.0.0.1/8", "9.9.9.1/32"], [], { kind: "loopback" });
		expect(chooseDefault(raw([lo, eth0]), 4, { ip: "9.9.9.1", code: null })).toMatchObject({
			name: "eth0",
			from: "table",
		});
		expect(chooseDefault(raw([eth0]), 4, { ip: "10.9.9.9", code: null })).toMatchObject({
			name: "eth0",
			from: "table",
		});
		const twin = { ...eth1, addresses: eth0.addresses, routes: [route("0.0.0.0/0", "10.0.0.254", 50)] };
		expect(chooseDefault(raw([eth0, twin]), 4, { ip: "10.0.0.5", code: null })).toMatchObject({
			name: "eth1",
			from: "kernel",
		});
	});

	it("is the table's cheapest where the kernel was not asked", () => {
		expect(chooseDefault(raw([eth1, eth0]), 4, null)).toEqual({
			name: "eth0",
			source: null,
			from: "table",
			confirmed: false,
		});
		expect(chooseDefault(raw([]), 4, null)).toBeNull();
	});

	it("is confirmed by the OS's own word where it has one", () => {
		const named = raw([eth0, eth1], { namedDefaults: { 4: "eth1" } });
		expect(chooseDefault(named, 4, { ip: "10.1.0.5", code: null })).toMatchObject({
			name: "eth1",
			confirmed: true,
		});
	});

	it("is found with an IPv6 source that has a zone in the list", () => {
		const six = host("eth0", ["fe80::5%eth0/64"], [route("::/0", "fe80::1%eth0")]);
		expect(chooseDefault(raw([six]), 6, { ip: "fe80::5", code: null })).toMatchObject({
			name: "eth0",
			confirmed: true,
		});
	});
});

describe("where the kernel is asked to go", () => {
	it("is a place that only a default route covers", () => {
		expect(probeDestination([eth0], 4)).toBe("198.51.100.1");
		const inside = host("eth9", ["198.51.100.7/24"], [route("198.51.100.0/24", null)]);
		expect(probeDestination([eth0, inside], 4)).toBe("203.0.113.1");
		const all = ["198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24"].map((each) => route(each, null));
		expect(probeDestination([host("eth9", [], all)], 4)).toBeNull();
		expect(probeDestination([host("he", [], [route("2000::/3", null)])], 6)).toBe("3000::1");
	});

	it("a host inside of all of those networks has no default NIC by a specific route", () => {
		const all = ["198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24"].map((each) => route(each, null));
		const inside = host("eth9", ["192.0.2.7/24"], all);
		expect(chooseDefault(raw([inside]), 4, null)).toBeNull();
		expect(chooseDefault(raw([inside, eth0]), 4, null)).toMatchObject({ name: "eth0", from: "table" });
	});
});

it("the table's answer is the longest prefix, then the cheapest, on a link that is not down", () => {
	const specific = host("b", [], [route("10.0.0.0/8", null, 500)]);
	expect(lookUpRoute([eth0, specific], "10.1.2.3")?.nic).toBe("b");
	expect(lookUpRoute([eth0, { ...specific, running: false }], "10.1.2.3")?.nic).toBe("eth0");
	expect(lookUpRoute([eth1, eth0], "9.9.9.9")?.nic).toBe("eth0");
	expect(lookUpRoute([], "9.9.9.9")).toBeNull();
});
