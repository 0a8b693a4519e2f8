import { Socket as UdpSocket } from "node:dgram";
import { readdirSync } from "node:fs";
import { Socket } from "node:net";
import { IPRange, IpAddress } from "@p2pd/address";
import { kernelRoute, Route, RoutePool, resolveRoutes, sourceRoute } from "@p2pd/route";
import { SeededRandom } from "@p2pd/testnet";
import { expect, it, vi } from "vitest";
import {
	diffSnapshots,
	enumerateInterfaces,
	Interface,
	initP2pd,
	listInterfaces,
	loadInterfaces,
	Netifaces,
	watchInterfaces,
} from "../src/index.js";
import { netifacesOf, nic, snapshot } from "./support/snapshots.js";

/*
 * Every public entry point of netif and route, called with wrong types and values. Each call either works or fails with
 * an error that has a code; nothing stays open, nothing is sent. P2PD_LONG=1: 100,000 calls instead of 5000.
 */
const CALLS = process.env["P2PD_LONG"] === "1" ? 100_000 : 5000;

const random = new SeededRandom(20_261_125);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;

const taken = snapshot([
	nic({
		name: "eth0",
		index: 2,
		addresses: ["192.168.1.20/24", "fe80::1%eth0/64"],
		gateways: { 4: "192.168.1.1" },
	}),
	nic({ name: "eth1", index: 3, addresses: ["192.168.2.20/24"] }),
]);
const netifaces = netifacesOf(taken);
const lo = { name: "lo", index: 1, isDefault: () => false };
const aborted = AbortSignal.abort();
const route = new Route({
	af: 4,
	nic: lo,
	nicIps: [new IPRange("127.0.0.1")],
	extIps: [new IPRange("127.0.0.1")],
});
const wide = new Route({
	af: 6,
	nic: lo,
	nicIps: [new IPRange("::1")],
	extIps: [new IPRange("2001:4860:1::/64")],
});
const pool = new RoutePool([wide]);
const bound = await route.bind();

/** Values of every type. Addresses are those of loopback, or impossible, so that nothing can be sent. */
const LEAVES: readonly unknown[] = [
	...[undefined, null, true, false, 0, -0, 1, 4, 6, 2, -1, 1.5, 80, 65_536, 2 ** 31, 2 ** 53, Number.NaN],
	...[
		Number.POSITIVE_INFINITY,
		Number.NEGATIVE_INFINITY,
		7n,
		-1n,
		Symbol("x"),
		() => undefined,
		async () => ({}),
	],
	...[
		"",
		"*",
		"lo",
		"eth0",
		"localhost",
		"127.0.0.1",
		"::1",
		"0.0.0.0/0",
		"127.0.0.0/8",
		"fe80::1%lo",
		"x".repeat(300),
	],
	...["nonsense", "1.2.3", "\u001b[31m", "127.0.0.1:1", "__proto__", "constructor", "4", "device", "change"],
	...[
		[],
		{},
		new Map(),
		new Date(0),
		/x/,
		Buffer.from("x"),
		new Uint8Array(4),
		aborted,
		new AbortController().signal,
	],
	...[lo, netifaces, taken, route, wide, pool, bound, new IPRange("8.8.0.0/16"), IpAddress.parse("::1")],
];
const KEYS = [
	...[
		"af",
		"nic",
		"nicIps",
		"extIps",
		"linkLocals",
		"source",
		"reason",
		"singleServer",
		"evidence",
		"port",
		"ips",
	],
	...[
		"strict",
		"ip",
		"cidr",
		"to",
		"reuse",
		"ttl",
		"signal",
		"broadcast",
		"v6only",
		"localPort",
		"lingerSeconds",
	],
	...[
		"backlog",
		"deviceBinding",
		"linkLocal",
		"addresses",
		"observe",
		"defaultSource",
		"concurrency",
		"nic_ips",
	],
	...[
		"ext_ips",
		"link_local_ips",
		"netifaces",
		"stunServers",
		"minAgree",
		"maxServers",
		"timeout",
		"natTimeout",
	],
	...[
		"families",
		"names",
		"nat",
		"event",
		"changes",
		"cause",
		"snapshot",
		"type",
		"delta",
		"value",
		"name",
		"rp",
	],
	...[
		"is_default",
		"nat_by_af",
		"4",
		"6",
		"10",
		"__proto__",
		"constructor",
		"maxAge",
		"interval",
		"debounce",
	],
	...["enumerate", "clock", "libc", "readFile", "platform", "networkInterfaces", "host", "nics", "defaults"],
];

function value(depth = 0): unknown {
	const kind = random.float();
	if (depth > 2 || kind < 0.55) return pick(LEAVES);
	if (kind < 0.65) return Array.from({ length: Math.floor(random.float() * 3) }, () => value(depth + 1));
	const made: Record<string, unknown> = {};
	for (let n = Math.floor(random.float() * 5); n >= 0; n--) {
		Object.defineProperty(made, pick(KEYS), {
			value: value(depth + 1),
			enumerable: true,
			configurable: true,
			writable: true,
		});
	}
	return made;
}

/** An object that is right but for one or two of its fields. */
function nearly(right: object): unknown {
	const made: Record<string, unknown> = { ...right };
	for (let n = Math.floor(random.float() * 2); n >= 0; n--)
		made[pick([...Object.keys(right), pick(KEYS)])] = value(1);
	return random.float() < 0.8 ? made : value();
}

const quiet = {
	netifaces: () => netifaces,
	observe: async () =>
		({
			status: "unreachable",
			ip: null,
			nonPublic: false,
			asked: 0,
			votes: [],
			dissent: [],
			failures: [],
			reason: "fuzz",
		}) as never,
	discoverNat: () => Promise.reject(Object.assign(new Error("nothing is asked"), { code: "ERR_NAT_FUZZ" })),
	env: {},
};
const range = { ip: "127.0.0.1", cidr: 32, af: 4 };
const dictionary = { name: "eth0", nat: { type: 5, delta: { type: 6, value: 0 } }, rp: { "4": [] } };
const made = Interface.fromJSON(dictionary, {}, quiet);
const fresh = () => new Interface("eth0", { stunServers: [] }, quiet);

/** The entry points by name. What they open is returned, and closed below. */
const ENTRIES: Readonly<Record<string, () => unknown>> = {
	"new Route": () =>
		Reflect.construct(Route, [
			nearly({ af: 4, nic: lo, nicIps: [new IPRange("127.0.0.1")], extIps: [] }),
			value(),
		]),
	"Route.fromJSON": () =>
		Reflect.apply(Route.fromJSON, Route, [nearly({ af: 4, nic_ips: [range], ext_ips: [range] }), value()]),
	"route.bind": () => Reflect.apply(route.bind, route, [nearly({ port: 0 }), value()]),
	"route.hasNicIp": () => Reflect.apply(route.hasNicIp, route, [value()]),
	"route.hasSameExternal": () => Reflect.apply(route.hasSameExternal, route, [value()]),
	"route.equals": () => Reflect.apply(route.equals, route, [value()]),
	"route.alternatives": () =>
		Reflect.apply(pool.routes[0]?.alternatives ?? (() => []), pool.routes[0], [value(), value()]),
	"route.inPool": () => Reflect.apply(route.inPool, route, [value()]),
	"route.withExternal": () => Reflect.apply(route.withExternal, route, [value()]),
	"new RoutePool": () => Reflect.construct(RoutePool, [value(), value()]),
	"RoutePool.fromJSON": () => Reflect.apply(RoutePool.fromJSON, RoutePool, [value(), value()]),
	"pool.at": () => Reflect.apply(pool.at, pool, [value()]),
	"pool.slice": () => Reflect.apply(pool.slice, pool, [value(), value(), value()]),
	"pool.locate": () => Reflect.apply(pool.locate, pool, [value()]),
	"pool.contains": () => Reflect.apply(pool.contains, pool, [value()]),
	"pool.except": () => Reflect.apply(pool.except, pool, [value()]),
	resolveRoutes: () =>
		Reflect.apply(resolveRoutes, null, [
			nearly({
				af: 4,
				nic: lo,
				addresses: [{ ip: "127.0.0.1", cidr: 8 }],
				observe: async () => ({ ip: null }),
			}),
		]),
	sourceRoute: () => Reflect.apply(sourceRoute, null, [nearly({ af: 4, nic: lo, ip: "127.0.0.1" })]),
	kernelRoute: () => Reflect.apply(kernelRoute, null, [value()]),
	udp: () => Reflect.apply(bound.udp, bound, [nearly({ port: 0 })]),
	connect: () => Reflect.apply(bound.connect, bound, [nearly({ ip: "127.0.0.1", port: 1, signal: aborted })]),
	listen: () => Reflect.apply(bound.listen, bound, [nearly({ port: 0 })]),
	reachability: () => Reflect.apply(bound.reachability, bound, [value()]),
	"new Interface": () => Reflect.construct(Interface, [value(), nearly({ timeout: 1000 }), value()]),
	"Interface.fromJSON": () =>
		Reflect.apply(Interface.fromJSON, Interface, [nearly(dictionary), nearly({}), value()]),
	"Interface.list": () => Reflect.apply(Interface.list, Interface, [value()]),
	"nic.start": () => Reflect.apply(Interface.prototype.start, fresh(), [nearly({ timeout: 1000 })]),
	"nic.refresh": () =>
		Reflect.apply(Interface.prototype.refresh, fresh(), [
			nearly({ event: { changes: [], cause: "wake", snapshot: nearly(taken) } }),
		]),
	"nic.loadNat": () => Reflect.apply(made.loadNat, made, [nearly({ timeout: 1000 })]),
	"nic.setNat": () =>
		Reflect.apply(made.setNat, made, [
			nearly({ type: 5, delta: nearly({ type: 6, value: 0 }) }),
			pick([4, 6, value()]),
		]),
	"nic.route": () => Reflect.apply(made.route, made, [value()]),
	"nic.routes": () => Reflect.apply(made.routes, made, [value()]),
	"nic.nic": () => Reflect.apply(made.nic, made, [value()]),
	"nic.isDefault": () => Reflect.apply(made.isDefault, made, [value()]),
	listInterfaces: () => Reflect.apply(listInterfaces, null, [nearly({ netifaces })]),
	loadInterfaces: () => Reflect.apply(loadInterfaces, null, [nearly({ netifaces, stunServers: [] }), quiet]),
	initP2pd: () =>
		Reflect.apply(initP2pd, null, [nearly({ timeout: 1000 }), nearly({ enumerate: async () => taken })]),
	enumerateInterfaces: () => Reflect.apply(enumerateInterfaces, null, [nearly({ timeout: 1000 })]),
	diffSnapshots: () => Reflect.apply(diffSnapshots, null, [nearly(taken), nearly(taken)]),
	watchInterfaces: () => Reflect.apply(watchInterfaces, null, [nearly({ interval: 1000 })]),
	"new Netifaces": () => Reflect.construct(Netifaces, [value(), value()]),
	"netifaces.look": () =>
		Reflect.apply(Netifaces.prototype.look, netifacesOf(taken), [nearly({ maxAge: 5 })]),
	"netifaces.take": () => Reflect.apply(Netifaces.prototype.take, netifacesOf(taken), [nearly(taken)]),
	"netifaces.get": () => Reflect.apply(netifaces.get, netifaces, [value()]),
	"netifaces.defaultNic": () => Reflect.apply(netifaces.defaultNic, netifaces, [value()]),
};

/** Closes what a call opened. */
async function close(result: unknown): Promise<void> {
	if (result instanceof UdpSocket) await new Promise<void>((done) => result.close(done));
	else if (result instanceof Socket) result.destroy();
	else if (typeof result === "object" && result !== null) {
		if ("listening" in result && "close" in result && typeof result.close === "function") {
			const server = result as { close(done: () => void): void };
			await new Promise<void>((done) => server.close(done));
		} else if ("throw" in result && "return" in result && typeof result.return === "function")
			await result.return();
	}
}

const isExpected = (error: unknown): boolean =>
	error === aborted.reason ||
	(error instanceof Error &&
		"code" in error &&
		/^ERR_(NETIF|ROUTE|ADDRESS|STUN|NAT)_/.test(String(error.code)));

it(`${CALLS} calls with wrong arguments: only errors with codes, nothing open, nothing sent`, {
	timeout: 600_000,
}, async () => {
	const sent = vi.spyOn(UdpSocket.prototype, "send");
	const before = readdirSync("/proc/self/fd").length;
	const wrong = new Map<string, string>();
	const outcomes = new Map<string, { worked: number; refused: number }>();
	const names = Object.keys(ENTRIES);
	for (let call = 0; call < CALLS; call++) {
		const name = names[call % names.length] ?? "";
		const count = outcomes.get(name) ?? { worked: 0, refused: 0 };
		outcomes.set(name, count);
		try {
			await close(await ENTRIES[name]?.());
			count.worked++;
		} catch (error) {
			count.refused++;
			if (!isExpected(error)) wrong.set(name, error instanceof Error ? `${error.stack}` : String(error));
		}
	}
	expect(Object.fromEntries(wrong)).toEqual({});
	expect(sent).not.toHaveBeenCalled();
	await vi.waitFor(() => expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before));
	// Every entry point was really reached, and every one refused something.
	expect([...outcomes].filter(([, { refused }]) => refused === 0)).toEqual([]);
});
