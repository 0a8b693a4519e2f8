import { inspect } from "node:util";
import { IPRange } from "@p2pd/address";
import { Route, type RouteInit, RoutePool } from "@p2pd/route";
import { describe, expect, it } from "vitest";

const ranges = (...texts: string[]): IPRange[] => texts.map((text) => new IPRange(text));
const init: RouteInit = { af: 4, nicIps: ranges("192.168.21.21/32"), extIps: ranges("1.3.3.7/32") };

describe("a route's dictionary", () => {
	it("is P2PD's", () => {
		expect(new Route(init).toJSON()).toEqual({
			af: 4,
			nic_ips: [{ ip: "192.168.21.21", cidr: 32, af: 4 }],
			ext_ips: [{ ip: "1.3.3.7", cidr: 32, af: 4 }],
			link_local_ips: [],
		});
	});

	it("keeps what else there is to keep", () => {
		const full: RouteInit = {
			af: 6,
			nicIps: ranges("fd00::1", "fd00::2"),
			extIps: ranges("2001:4860::1"),
			linkLocals: ranges("fe80::1%eth0"),
			source: "fd00::2",
			singleServer: true,
		};
		const unverified: RouteInit = { ...init, extIps: [], reason: "no server answered" };
		for (const route of [new Route(full), new Route(unverified)]) {
			const back = Route.fromJSON(JSON.parse(JSON.stringify(route)));
			expect(back.equals(route)).toBe(true);
			expect(back).toMatchObject({
				source: route.source,
				singleServer: route.singleServer,
				reason: route.reason,
			});
		}
	});

	it.each([
		[2, 4, "1.3.3.7"],
		[10, 6, "2001:4860::1"],
		[23, 6, "2001:4860:0000:0000:0000:0000:0000:0001"],
		[30, 6, "2001:4860::1"],
		[6, 6, "2001:4860::1"],
	])("is taken from P2PD too, with family %i", (number, af, ip) => {
		const range = { ip, cidr: af === 4 ? 32 : 128, af: number };
		const route = Route.fromJSON({ af: number, nic_ips: [range], ext_ips: [range] });
		expect(route).toMatchObject({ af, extIp: af === 4 ? ip : "2001:4860::1" });
	});

	const json = { af: 4, nic_ips: [{ ip: "10.0.0.1", cidr: 32, af: 4 }], ext_ips: [] };
	it.each([
		["route", null],
		["route", []],
		["af", { ...json, af: "4" }],
		["af", {}],
		["nic_ips", { ...json, nic_ips: "10.0.0.1" }],
		["nicIps", { ...json, nic_ips: [] }],
		["ext_ips[0]", { ...json, ext_ips: [7] }],
		["ext_ips[0].ip", { ...json, ext_ips: [{ ip: 7, cidr: 32, af: 4 }] }],
		["ext_ips[0].cidr", { ...json, ext_ips: [{ ip: "1.3.3.7", cidr: "32", af: 4 }] }],
		["ext_ips[0].af", { ...json, ext_ips: [{ ip: "1.3.3.7", cidr: 32, af: 6 }] }],
		["ext_ips[0]", { ...json, ext_ips: [{ ip: "1.3.3.7", cidr: 33, af: 4 }] }],
		["ext_ips[0]", { ...json, ext_ips: [{ ip: "example.com", cidr: 32, af: 4 }] }],
		["link_local_ips", { ...json, link_local_ips: {} }],
		["source", { ...json, source: 1 }],
		["source", { ...json, source: "nonsense" }],
		["reason", { ...json, reason: {} }],
	])("names what is wrong with it: %s", (field, value) => {
		expect(() => Route.fromJSON(value)).toThrow(expect.objectContaining({ code: "ERR_ROUTE_VALUE", field }));
	});
});

describe("a route", () => {
	it.each<[string, Partial<RouteInit>]>([
		["nicIps", { nicIps: [] }],
		["nicIps[0]", { nicIps: ranges("::1") }],
		["extIps[0]", { extIps: ranges("2001:4860::1") }],
		["extIps[0]", { extIps: ranges("0.0.0.0") }],
		["extIps[0]", { extIps: ranges("169.254.0.1") }],
		["extIps[0]", { extIps: ranges("224.0.0.1") }],
		["extIps[0]", { extIps: ranges("255.255.255.255") }],
		["linkLocals[0]", { linkLocals: ranges("fe80::1") }],
		["linkLocals[0]", { linkLocals: ranges("10.0.0.1") }],
		["source", { source: "10.0.0.9" }],
		["af", { af: 5 as 4 }],
	])("is not made with wrong %s", (field, part) => {
		expect(() => new Route({ ...init, ...part })).toThrow(
			expect.objectContaining({ code: "ERR_ROUTE_VALUE", field }),
		);
	});

	it("never changes, nor does what it was made from", () => {
		const nicIps = ranges("10.0.0.1");
		const route = new Route({ ...init, nicIps });
		expect(Object.isFrozen(route)).toBe(true);
		expect(() => (route.nicIps as IPRange[]).push(...ranges("10.0.0.2"))).toThrow(TypeError);
		nicIps.push(...ranges("10.0.0.3"));
		expect(route.nicIps).toHaveLength(1);
	});

	it("knows its NIC, its sizes and its sides", () => {
		const nic = { name: "eth0", index: 2, isDefault: () => true };
		const route = new Route({ ...init, nic, extIps: ranges("8.8.0.0/16", "1.3.3.7") });
		expect(route.nic).toBe(nic);
		expect(route).toMatchObject({ size: 65536n, isVerified: true, isPublic: true, extIp: "8.8.0.1" });
		expect([route.hasNicIp("192.168.21.21"), route.hasNicIp("192.168.21.22")]).toEqual([true, false]);
	});

	it("says when its external address is not public", () => {
		expect(new Route({ ...init, extIps: ranges("100.64.0.9") }).isPublic).toBe(false);
		expect(new Route({ ...init, extIps: [] })).toMatchObject({
			isPublic: false,
			isVerified: false,
			extIp: null,
		});
	});

	it("is the same as another in all its parts, or in its external side alone", () => {
		const route = new Route(init);
		const other = new Route({ ...init, nicIps: ranges("10.0.0.1") });
		const blind = new Route({ ...init, extIps: [] });
		expect([route.equals(new Route(init)), route.equals(other)]).toEqual([true, false]);
		expect([route.hasSameExternal(other), blind.hasSameExternal(blind)]).toEqual([true, false]);
	});

	it("is written as P2PD's documentation writes it", () => {
		const route = new Route({ ...init, nicIps: ranges("192.168.0.20", "193.168.0.0/16") });
		expect(String(route)).toBe("[192.168.0.20/32, 193.168.0.0/16] -> [1.3.3.7/32]");
		expect(inspect(route)).toBe(`Route(${route})`);
		expect(String(new Route({ ...init, extIps: [] }))).toBe("[192.168.21.21/32] -> []");
		expect(inspect(new RoutePool([route, new Route(init)]))).toBe(`RoutePool(${route}; ${new Route(init)})`);
	});
});
