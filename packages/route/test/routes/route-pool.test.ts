import { IPRange } from "@p2pd/address";
import { Route, RoutePool } from "@p2pd/route";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const nicIps = [new IPRange("192.168.0.20")];
const routeTo = (...extIps: string[]): Route =>
	new Route({ af: 4, nicIps, extIps: extIps.map((text) => new IPRange(text)) });
const poolTo = (...extIps: string[]): RoutePool => new RoutePool(extIps.map((text) => routeTo(text)));
const ipOf = (route: Route | undefined): string | null | undefined => route?.extIp;

/** Small blocks of 50.0.0.0/24, distinct or in one another, in any order; a route may have several. */
const block = fc
	.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 26, max: 32 }))
	.map(([last, cidr]) => new IPRange(`50.0.0.${last & ~(2 ** (32 - cidr) - 1)}`, cidr));
const pools = fc
	.array(fc.array(block, { maxLength: 3 }), { maxLength: 12 })
	.map(
		(lists) =>
			new RoutePool(
				lists.map((extIps, i) => new Route({ af: 4, nicIps: [new IPRange(`10.0.0.${i}`)], extIps })),
			),
	);
const every = (pool: RoutePool): { ip: string; owner: Route }[] =>
	pool.routes.flatMap((owner) =>
		owner.extIps.flatMap((range) => [...range].map((ip) => ({ ip: String(ip), owner }))),
	);

describe("a pool against the list of all its addresses", () => {
	it("has the same length, and the same address at every index, from both ends", () => {
		fc.assert(
			fc.property(pools, (pool) => {
				const list = every(pool);
				expect(pool.length).toBe(BigInt(list.length));
				for (const [index, { ip, owner }] of list.entries()) {
					expect(ipOf(pool.at(index))).toBe(ip);
					expect(pool.at(index)?.nicIps).toEqual(owner.nicIps);
					expect(ipOf(pool.at(BigInt(index - list.length)))).toBe(ip);
				}
				for (const outside of [list.length, -list.length - 1, list.length * 2 + 7]) {
					expect(pool.at(outside)).toBeUndefined();
				}
			}),
		);
	});

	it("is walked in the same order, forwards and backwards, and sliced as the list is", () => {
		const bound = fc.option(fc.integer({ min: -300, max: 300 }), { nil: undefined });
		fc.assert(
			fc.property(pools, bound, bound, (pool, start, end) => {
				const list = every(pool).map(({ ip }) => ip);
				expect([...pool].map(ipOf)).toEqual(list);
				expect([...pool.reversed()].map(ipOf)).toEqual([...list].reverse());
				expect([...pool.slice(start, end)].map(ipOf)).toEqual(list.slice(start, end));
			}),
		);
	});

	it("steps as every so manyth item of the list", () => {
		fc.assert(
			fc.property(pools, fc.integer({ min: 1, max: 9 }), (pool, step) => {
				const list = every(pool).map(({ ip }) => ip);
				const nth = (_: unknown, index: number): boolean => index % step === 0;
				expect([...pool.slice(undefined, undefined, step)].map(ipOf)).toEqual(list.filter(nth));
				const back = [...list].reverse().filter(nth);
				expect([...pool.slice(undefined, undefined, -step)].map(ipOf)).toEqual(back);
			}),
		);
	});

	it("finds an address exactly where some route has it", () => {
		fc.assert(
			fc.property(
				pools,
				fc.integer({ min: 0, max: 255 }),
				fc.integer({ min: 28, max: 32 }),
				(pool, last, cidr) => {
					const target = new IPRange(`50.0.0.${last}`, cidr);
					const owners = pool.routes.filter((route) => route.extIps.some((range) => range.overlaps(target)));
					const found = pool.locate(target);
					expect(pool.contains(target)).toBe(owners.length > 0);
					expect(found === undefined).toBe(owners.length === 0);
					if (found !== undefined) expect(owners).toContain(found);
				},
			),
		);
	});
});

describe("RoutePool", () => {
	it("costs the same for a /64 as for a /32", () => {
		const nic = [new IPRange("fe80::1")];
		const blocks = ["2001:db8:1::1/128", "2001:db8:2::/64", "2001:db8:3::/48", "2001:db8:4::4/128"];
		const pool = new RoutePool(
			blocks.map((text) => new Route({ af: 6, nicIps: nic, extIps: [new IPRange(text)] })),
		);
		expect(pool.length).toBe(1n + (2n ** 64n - 1n) + (2n ** 80n - 1n) + 1n);
		expect(ipOf(pool.at(2n ** 64n))).toBe("2001:db8:3::1");
		expect(ipOf(pool.at(-2n))).toBe("2001:db8:3:ffff:ffff:ffff:ffff:ffff");
		expect(ipOf(pool.at(-1))).toBe("2001:db8:4::4");
		expect([...pool.slice(2n ** 64n - 1n, 2n ** 64n + 1n)].map(ipOf)).toEqual([
			"2001:db8:2::ffff:ffff:ffff:ffff".replace("2::", "2:0:"),
			"2001:db8:3::1",
		]);
	});

	it("counts hosts as P2PD does: 65535 in a /16", () => {
		const pool = poolTo("1.3.3.7/32", "8.8.0.0/16");
		expect(pool.length).toBe(65536n);
		expect(ipOf(pool.at(0))).toBe("1.3.3.7");
		expect(ipOf(pool.at(1))).toBe("8.8.0.1");
		expect(ipOf(pool.at(65535))).toBe("8.8.255.255");
	});

	it("is empty without external addresses, and knows no index", () => {
		const pool = new RoutePool([new Route({ af: 4, nicIps, extIps: [], reason: "no answer" })]);
		expect([pool.length, pool.at(0), [...pool], pool.contains("1.3.3.7")]).toEqual([
			0n,
			undefined,
			[],
			false,
		]);
		expect(pool.routes).toHaveLength(1);
	});

	it("pops one address after the other, and then says that there are no more", () => {
		const pool = poolTo("1.3.3.7", "8.8.0.0/30");
		expect([pool.pop(), pool.pop(), pool.pop(), pool.pop()].map(ipOf)).toEqual([
			"1.3.3.7",
			"8.8.0.1",
			"8.8.0.2",
			"8.8.0.3",
		]);
		expect(() => pool.pop()).toThrow(expect.objectContaining({ code: "ERR_ROUTE_POOL_END" }));
		expect(pool.length).toBe(4n);
		expect(ipOf(pool.at(0))).toBe("1.3.3.7");
	});

	it("has a route that is given twice once, and two routes to one address twice", () => {
		expect(poolTo("1.3.3.7", "1.3.3.7").routes).toHaveLength(1);
		const other = new Route({ af: 4, nicIps: [new IPRange("10.0.0.1")], extIps: [new IPRange("1.3.3.7")] });
		expect(new RoutePool([routeTo("1.3.3.7"), other]).length).toBe(2n);
	});

	it("locates by text, range and route, in the widest block, and never across families", () => {
		const pool = poolTo("8.8.4.4/32", "8.8.0.0/16", "9.9.9.9");
		expect(String(pool.locate("8.8.4.4"))).toBe("[192.168.0.20/32] -> [8.8.0.0/16]");
		expect(String(pool.locate(new IPRange("8.0.0.0/8")))).toBe("[192.168.0.20/32] -> [8.8.0.0/16]");
		expect(String(pool.locate(routeTo("9.9.9.9")))).toBe("[192.168.0.20/32] -> [9.9.9.9/32]");
		expect(pool.locate("8.9.0.0")).toBeUndefined();
		expect(pool.locate("::808:404")).toBeUndefined();
	});

	it("refuses both families in one pool, and an index that is no integer", () => {
		const v6 = new Route({ af: 6, nicIps: [new IPRange("fe80::1")], extIps: [] });
		expect(() => new RoutePool([routeTo("1.3.3.7"), v6])).toThrow(
			expect.objectContaining({ code: "ERR_ROUTE_VALUE" }),
		);
		expect(() => poolTo("1.3.3.7").at(0.5)).toThrow(
			expect.objectContaining({ code: "ERR_ROUTE_VALUE", field: "index" }),
		);
		expect(() => poolTo("1.3.3.7").slice(0, 1, 0)).toThrow(
			expect.objectContaining({ code: "ERR_ROUTE_VALUE", field: "step" }),
		);
	});

	it("comes back from its dictionary", () => {
		const pool = poolTo("1.3.3.7", "8.8.0.0/16");
		const back = RoutePool.fromJSON(JSON.parse(JSON.stringify(pool)));
		expect(back.toJSON()).toEqual(pool.toJSON());
		expect(() => RoutePool.fromJSON({})).toThrow(
			expect.objectContaining({ code: "ERR_ROUTE_VALUE", field: "routes" }),
		);
	});
});

describe("alternatives", () => {
	it("are the pool's other addresses, as the list of all of them has them", () => {
		fc.assert(
			fc.property(pools, fc.nat(), fc.array(block, { maxLength: 3 }), (pool, pick, excluded) => {
				const list = every(pool);
				const self = pool.at(list.length === 0 ? 0 : pick % list.length);
				if (self === undefined) return;
				const exclusions = excluded.map((range) => new Route({ af: 4, nicIps, extIps: [range] }));
				const taken = [...self.extIps, ...excluded];
				const others = list
					.filter(({ ip }) => !taken.some((range) => range.contains(ip)))
					.map(({ ip }) => ip);
				expect(self.alternatives(1000, exclusions).map(ipOf)).toEqual(others);
				expect(self.alternatives(2, exclusions).map(ipOf)).toEqual(others.slice(0, 2));
			}),
		);
	});

	it("are of other routes, where a whole block is the route's, and of the same block otherwise", () => {
		const pool = poolTo("1.3.3.7", "8.8.0.0/16");
		const [first, whole] = pool.routes;
		expect(first?.alternatives(2).map(ipOf)).toEqual(["8.8.0.1", "8.8.0.2"]);
		expect(whole?.alternatives(2).map(ipOf)).toEqual(["1.3.3.7"]);
		expect(pool.at(1)?.alternatives(2).map(ipOf)).toEqual(["1.3.3.7", "8.8.0.2"]);
		expect(ipOf(first?.invert() ?? undefined)).toBe("8.8.0.1");
	});

	it("step over a block of any size", () => {
		const six = (text: string) =>
			new Route({ af: 6, nicIps: [new IPRange("fe80::1")], extIps: [new IPRange(text)] });
		const pool = new RoutePool([six("2a00::/64"), six("2a00:1::/64")]);
		expect(pool.routes[0]?.alternatives(1, [six("2a00:1::/65")]).map(ipOf)).toEqual(["2a00:1:0:0:8000::"]);
	});

	it("leave out routes that are seen as the same address, and unverified ones", () => {
		const again = new Route({ af: 4, nicIps: [new IPRange("10.0.0.1")], extIps: [new IPRange("1.3.3.7")] });
		const blind = new Route({ af: 4, nicIps, extIps: [], reason: "no answer" });
		const pool = new RoutePool([routeTo("1.3.3.7"), again, blind]);
		expect(pool.routes[0]?.alternatives(5)).toEqual([]);
		expect(pool.routes[0]?.invert()).toBeNull();
	});

	it("need a pool", () => {
		expect(() => routeTo("1.3.3.7").invert()).toThrow(expect.objectContaining({ code: "ERR_ROUTE_NO_POOL" }));
	});
});
