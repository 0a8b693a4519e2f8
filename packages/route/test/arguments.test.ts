import { IPRange, IpAddress } from "@p2pd/address";
import { kernelRoute, Route, RoutePool, resolveRoutes, sourceRoute } from "@p2pd/route";
import { describe, expect, it } from "vitest";
import { LO } from "./sockets/kit.js";

const range = (text: string) => new IPRange(text);
const lo = new Route({ af: 4, nic: LO, nicIps: [range("127.0.0.1")], extIps: [range("127.0.0.1")] });
const valueError = (field: string) => expect.objectContaining({ code: "ERR_ROUTE_VALUE", field });
/** Calls with arguments that the types refuse. */
const loosely = (fn: unknown, self: unknown, ...args: readonly unknown[]): unknown =>
	Reflect.apply(fn as (...args: unknown[]) => unknown, self, args);

describe("P2PD's positional arguments of bind()", () => {
	it.each<[string, readonly unknown[], string, number]>([
		["a port", [10_001], "127.0.0.1", 10_001],
		["an address", ["127.0.0.2"], "127.0.0.2", 0],
		["every address", ["*"], "0.0.0.0", 0],
		["every address, as a block", ["0.0.0.0/0"], "0.0.0.0", 0],
		["a port and an address", [10_001, "127.0.0.2"], "127.0.0.2", 10_001],
		["an address with its full prefix", [{ ips: "127.0.0.2/32" }], "127.0.0.2", 0],
	])("are %s", async (_what, args, localIp, port) => {
		const bound = await (loosely(lo.bind, lo, ...args) as ReturnType<Route["bind"]>);
		expect(bound).toMatchObject({ localIp, port });
		const again = await (loosely(bound.bind, bound, ...args) as ReturnType<Route["bind"]>);
		expect(again).toMatchObject({ localIp, port });
	});

	it("take an IPv6 block of everything for every address", async () => {
		const route = new Route({ af: 6, nic: LO, nicIps: [range("::1")], extIps: [] });
		expect((await route.bind({ ips: "::/0" })).localIp).toBe("::");
	});

	it.each<[string, string, readonly unknown[]]>([
		["a port that is too high", "port", [70_000]],
		["no number", "port", [Number.NaN]],
		["an address of another type", "ips", [10_001, 5]],
		["an address first and then a port", "ips", ["127.0.0.1", 10_001]],
		["null as an address", "ips", [{ ips: null }]],
		["a port as text", "port", [{ port: "80" }]],
		["a block", "ips", [{ ips: "127.0.0.0/8" }]],
		["an unknown option", "prot", [{ prot: 1 }]],
		["null", "options", [null]],
		["dependencies that are none", "deps", [{}, "127.0.0.1"]],
	])("refuse %s", async (_what, field, args) => {
		await expect(loosely(lo.bind, lo, ...args)).rejects.toEqual(valueError(field));
	});

	it("say which option was probably meant", async () => {
		await expect(loosely(lo.bind, lo, { ip: "127.0.0.1" })).rejects.toThrow('did you mean "ips"?');
	});
});

describe("options of sockets", () => {
	it.each<[string, "udp" | "connect" | "listen", unknown]>([
		["reuseAddress", "udp", { reuseAddress: true }],
		["reuse", "udp", { reuse: 1 }],
		["signal", "udp", { signal: 5 }],
		["to", "udp", { to: 9 }],
		["ip", "connect", { port: 80 }],
		["port", "connect", { ip: "127.0.0.1", port: 0 }],
		["host", "connect", { host: "127.0.0.1", port: 80 }],
		["options", "connect", undefined],
		["backlog", "listen", { backlog: 0 }],
		["options", "listen", 8080],
	])("refuse a wrong %s of %s()", async (field, method, options) => {
		const sockets = kernelRoute(4);
		await expect(loosely(sockets[method], sockets, options)).rejects.toEqual(valueError(field));
	});

	it("name the family, the NIC or the address that is wrong", () => {
		expect(() => loosely(kernelRoute, null, 5)).toThrow(valueError("af"));
		expect(() => loosely(sourceRoute, null, { af: 4, nic: "eth0", ip: "127.0.0.1" })).toThrow(
			valueError("nic"),
		);
		expect(() => loosely(sourceRoute, null, { af: 4, nic: LO })).toThrow(valueError("ip"));
		const sockets = kernelRoute(4);
		expect(() => loosely(sockets.reachability, sockets, 7)).toThrow(valueError("ip"));
	});
});

describe("a route's alternatives", () => {
	const wide = new RoutePool([
		new Route({ af: 6, nic: LO, nicIps: [range("fe80::1")], extIps: [range("2001:4860:1::/64")] }),
	]);

	it("end by themselves in a /64", () => {
		expect(wide.at(0)?.alternatives()).toHaveLength(100);
		expect(
			wide
				.at(0)
				?.alternatives(3)
				.map(({ extIp }) => extIp),
		).toEqual(["2001:4860:1::2", "2001:4860:1::3", "2001:4860:1::4"]);
		expect(wide.at(0)?.alternatives(0)).toEqual([]);
	});

	it.each([Number.NaN, -1, 1.5, "3", Number.POSITIVE_INFINITY, null])("refuse a limit of %s", (limit) => {
		const route = wide.at(0);
		expect(() => loosely(route?.alternatives, route, limit)).toThrow(valueError("limit"));
	});
});

describe("a pool", () => {
	const pool = new RoutePool([
		new Route({ af: 4, nicIps: [range("10.0.0.5")], extIps: [range("8.8.0.0/16")] }),
	]);

	it.each(["1", 0.5, null, Number.NaN])("has no element number %s", (index) => {
		expect(() => loosely(pool.at, pool, index)).toThrow(valueError("index"));
	});

	it("finds the route of an IpAddress too", () => {
		expect(pool.locate(IpAddress.parse("8.8.4.4"))).toBe(pool.routes[0]);
		expect(pool.contains(IpAddress.parse("9.9.9.9"))).toBe(false);
	});

	it.each([undefined, null, 7, {}, "nonsense"])("does not look for %s", (target) => {
		expect(() => loosely(pool.locate, pool, target)).toThrow(valueError("target"));
	});

	it("is made of routes and ranges only", () => {
		expect(() => loosely((routes: never) => new RoutePool(routes), null, [7])).toThrow(valueError("routes"));
		expect(() => loosely((routes: never) => new RoutePool(routes), null, 7)).toThrow(valueError("routes"));
		expect(() => loosely(pool.except, pool, ["8.8.8.8"])).toThrow(valueError("taken[0]"));
	});

	it("says which of its routes is wrong", () => {
		expect(() => RoutePool.fromJSON([{ af: 4, nic_ips: [], ext_ips: [] }])).toThrow(
			valueError("routes[0].nicIps"),
		);
		expect(() => RoutePool.fromJSON([7])).toThrow(valueError("routes[0]"));
	});
});

describe("external ranges of a dictionary", () => {
	const withExternal = (ip: string, cidr: number) => ({
		af: 4,
		nic_ips: [{ ip: "10.0.0.5", cidr: 32, af: 4 }],
		ext_ips: [{ ip, cidr, af: 4 }],
	});

	it.each<[string, number]>([
		["0.0.0.0", 0],
		["240.0.0.1", 32],
		["8.8.8.8", 1],
		["192.0.0.0", 8],
		["0.1.2.3", 32],
	])("refuse %s/%i, which cannot all be external addresses", (ip, cidr) => {
		expect(() => Route.fromJSON(withExternal(ip, cidr))).toThrow(valueError("extIps[0]"));
	});

	it.each<[string, number]>([
		["8.8.0.0", 16],
		["10.0.0.0", 8],
		["100.64.0.7", 32],
		["127.0.0.1", 32],
	])("take %s/%i", (ip, cidr) => {
		expect(String(Route.fromJSON(withExternal(ip, cidr)).extIps)).toBe(`${ip}/${cidr}`);
	});

	it.each(["2", true, 4.5, null])("refuse the family %s", (af) => {
		expect(() => Route.fromJSON({ ...withExternal("8.8.8.8", 32), af })).toThrow(valueError("af"));
	});
});

describe("options of resolveRoutes()", () => {
	const good = { af: 4, nic: null, addresses: [], observe: async () => ({ ip: null }) };

	it.each<[string, Record<string, unknown>]>([
		["af", { af: 5 }],
		["nic", { nic: {} }],
		["addresses", { addresses: "10.0.0.1" }],
		["addresses[0].cidr", { addresses: [{ ip: "10.0.0.1", cidr: "24" }] }],
		["addresses[0].ip", { addresses: [{ ip: "nonsense", cidr: 24 }] }],
		["observe", { observe: null }],
		["concurrency", { concurrency: 0 }],
		["signal", { signal: 5 }],
		["concurrent", { concurrent: 1 }],
	])("name a wrong %s", async (field, part) => {
		await expect(loosely(resolveRoutes, null, { ...good, ...part })).rejects.toEqual(valueError(field));
	});
});
