import { inspect } from "node:util";
import { IPRange } from "@p2pd/address";
import { Route, type RouteInit, RoutePool } from "@p2pd/route";
import { describe, expect, it } from "vitest";
import { NO_NATIVE } from "../sockets/kit.js";

const nic = { name: "eth1", index: 7, isDefault: () => false };
const ranges = (...texts: string[]): IPRange[] => texts.map((text) => new IPRange(text));
const route = (part: Partial<RouteInit> & Pick<RouteInit, "nicIps">): Route =>
	new Route({ af: part.nicIps[0]?.af ?? 4, nic, extIps: [], ...part });
const v4 = route({ nicIps: ranges("192.168.0.20", "10.0.0.5"), extIps: ranges("1.3.3.7") });
const v6 = route({
	nicIps: ranges("fe80::1"),
	extIps: ranges("2001:4860::5"),
	linkLocals: ranges("fe80::1"),
});

/** Binds without libc, so that nothing depends on the addresses of this machine. */
const bind = (to: Route, options: Parameters<Route["bind"]>[0] = {}) => to.bind(options, NO_NATIVE);

describe("the address that a route binds", () => {
	it.each<[string, Route, string]>([
		["IPv4: the NIC's side", v4, "192.168.0.20"],
		["the default source of a group", route({ ...v4, source: "10.0.0.5" }), "10.0.0.5"],
		[
			"IPv4: an external address that is on the NIC",
			route({ nicIps: ranges("8.8.4.4"), extIps: ranges("8.8.4.4") }),
			"8.8.4.4",
		],
		["IPv6: the external address, where the NIC's side is link-local", v6, "2001:4860::5"],
		[
			"IPv6 behind NAT66: what it was observed from",
			route({ nicIps: ranges("fd00::20"), extIps: ranges("2001:4860::9") }),
			"fd00::20",
		],
		[
			"NAT66 with link-locals beside it",
			route({ nicIps: ranges("fe80::1", "fd00::20"), extIps: ranges("2001:4860::9") }),
			"fd00::20",
		],
		["unverified", route({ nicIps: ranges("10.0.0.6"), reason: "no answer" }), "10.0.0.6"],
		["a link-local alone: with the NIC's zone", route({ nicIps: ranges("fe80::1") }), "fe80::1%eth1"],
	])("%s", async (_what, from, ip) => {
		expect((await bind(from)).localIp).toBe(ip);
		expect(ip.startsWith(from.sourceIp)).toBe(true);
	});

	it("is the pool member's own, not the first route's", async () => {
		const pool = new RoutePool([
			route({ nicIps: ranges("10.0.0.1"), extIps: ranges("1.3.3.7") }),
			route({ nicIps: ranges("10.0.0.2"), extIps: ranges("5.5.5.5") }),
		]);
		const bound = await Promise.all([...pool].map((member) => bind(member)));
		expect(bound.map(({ localIp }) => localIp)).toEqual(["10.0.0.1", "10.0.0.2"]);
	});

	it.each([
		[v4, "*", "0.0.0.0"],
		[v4, "", "0.0.0.0"],
		[v4, "0.0.0.0", "0.0.0.0"],
		[v4, "localhost", "127.0.0.1"],
		[v4, "127.0.0.2", "127.0.0.2"],
		[v4, "10.0.0.5", "10.0.0.5"],
		[v6, "*", "::"],
		[v6, "::", "::"],
		[v6, "0:0:0:0:0:0:0:0", "::"],
		[v6, "localhost", "::1"],
		[v6, "::1", "::1"],
		[v6, "FE80::1", "fe80::1%eth1"],
		[v6, "fe80::1%eth1", "fe80::1%eth1"],
		[v6, "fe80::1%7", "fe80::1%eth1"],
		[v6, "fd00::1", "fd00::1"],
	])("is what ips says: %s, %j", async (from, ips, ip) => {
		expect((await bind(from, { ips })).localIp).toBe(ip);
	});

	it.each([
		[v4, { ips: "::1" }, "ERR_ROUTE_FAMILY"],
		[v6, { ips: "127.0.0.1" }, "ERR_ROUTE_FAMILY"],
		[v6, { ips: "fe80::1%eth0" }, "ERR_ROUTE_ZONE"],
		[route({ nicIps: ranges("fe80::1"), nic: null }), {}, "ERR_ROUTE_ZONE"],
		[v4, { ips: "1.2.3" }, "ERR_ROUTE_VALUE"],
		[v6, { ips: "fd00::1%eth1" }, "ERR_ROUTE_VALUE"],
		[v4, { port: 65_536 }, "ERR_ROUTE_VALUE"],
		[v4, { port: -1 }, "ERR_ROUTE_VALUE"],
	])("is refused: %s, %o", async (from, options, code) => {
		await expect(bind(from, options)).rejects.toMatchObject({ code });
	});
});

describe("a bound route", () => {
	it("is another one each time, and leaves the route as it was", async () => {
		const before = JSON.stringify(v4);
		const one = await bind(v4, { port: 4000 });
		const other = await bind(v4, { port: 5000, ips: "*" });
		expect([one.port, other.port]).toEqual([4000, 5000]);
		expect([one.localIp, other.localIp]).toEqual(["192.168.0.20", "0.0.0.0"]);
		expect(one.route).toBe(v4);
		expect(JSON.stringify(v4)).toBe(before);
	});

	it("is bound again as its route is", async () => {
		const again = await (await bind(v4, { port: 4000, ips: "10.0.0.5" })).bind({ port: 0 });
		expect([again.port, again.localIp]).toEqual([0, "192.168.0.20"]);
	});

	it("has the route's sides, family and NIC", async () => {
		const bound = await bind(v6);
		expect(bound).toMatchObject({
			af: 6,
			nic,
			nicIps: v6.nicIps,
			extIps: v6.extIps,
			linkLocals: v6.linkLocals,
		});
		expect(inspect(bound)).toBe("BoundRoute([fe80::1/128] -> [2001:4860::5/128] on 2001:4860::5 port 0)");
	});

	it("says how its sockets are tied to the NIC, and why not more", async () => {
		expect(await bind(v4)).toMatchObject({
			deviceBinding: "source-address",
			deviceBindingReason: expect.stringContaining("native"),
		});
		const free = await bind(route({ ...v4, nic: { ...nic, isDefault: () => true } }));
		expect(free.deviceBindingReason).toBe("this is the default NIC");
		const nowhere = await bind(route({ ...v4, nic: null }));
		expect(nowhere.deviceBindingReason).toBe("the kernel chooses the NIC");
		await expect(bind(route({ ...v4, nic: null }), { strict: true })).rejects.toMatchObject({
			code: "ERR_ROUTE_DEVICE_BINDING",
			nic: null,
		});
		await expect(bind(v4, { strict: true, ips: "localhost" })).rejects.toMatchObject({
			code: "ERR_ROUTE_DEVICE_BINDING",
		});
	});
});
