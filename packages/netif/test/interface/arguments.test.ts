import { describe, expect, it } from "vitest";
import {
	diffSnapshots,
	enumerateInterfaces,
	Interface,
	initP2pd,
	listInterfaces,
	loadInterfaces,
	Netifaces,
	watchInterfaces,
} from "../../src/index.js";
import { netifacesOf, nic, snapshot } from "../support/snapshots.js";

const eth0 = nic({ name: "eth0", index: 2, addresses: ["192.168.1.20/24"] });
const eth1 = nic({ name: "eth1", index: 3, addresses: ["192.168.2.20/24"] });
const netifaces = netifacesOf(snapshot([eth0, eth1]));
const argumentError = (argument: string) => expect.objectContaining({ code: "ERR_NETIF_ARGUMENT", argument });
/** Calls with arguments that the types refuse. */
const loosely = (fn: unknown, self: unknown, ...args: readonly unknown[]): unknown =>
	Reflect.apply(fn as (...args: unknown[]) => unknown, self, args);
const make = (...args: readonly unknown[]): Interface =>
	Reflect.construct(Interface, args as unknown[]) as Interface;

const dictionary = (change: object = {}) => ({
	name: "eth0",
	nat: { type: 5, delta: { type: 6, value: 0 } },
	rp: { "4": [] },
	...change,
});

describe("new Interface()", () => {
	it("takes its options alone, and servers as addresses", async () => {
		const made = new Interface({ netifaces, stunServers: [{ ip: "127.0.0.1", port: 1 }], families: [6] });
		await expect(made.start()).rejects.toMatchObject({ code: "ERR_NETIF_NO_GATEWAY" });
		expect(new Interface("eth0", { stunServers: ["127.0.0.1:1", { host: "127.0.0.1", port: 1 }] }).name).toBe(
			"eth0",
		);
	});

	it.each<[string, readonly unknown[]]>([
		["selector", [true]],
		["selector", [5]],
		["stunServers", ["eth0", { stunServers: "127.0.0.1:1" }]],
		["stunServers[0]", ["eth0", { stunServers: [null] }]],
		["stunServers[1]", ["eth0", { stunServers: ["127.0.0.1:1", "no server!"] }]],
		["stunServers[0]", ["eth0", { stunServers: [{ ip: "127.0.0.1", port: 0 }] }]],
		["minAgree", [null, { minAgree: Number.NaN }]],
		["minAgree", [null, { minAgree: 0 }]],
		["minAgree", [null, { minAgree: 3, stunServers: ["127.0.0.1:1", "127.0.0.1:2"] }]],
		["minAgree", [null, { minAgree: 3, maxServers: 2 }]],
		["maxServers", [null, { maxServers: "6" }]],
		["timeout", [null, { timeout: -1 }]],
		["natTimeout", [null, { natTimeout: Number.POSITIVE_INFINITY }]],
		["families[0]", [null, { families: [2] }]],
		["strict", [null, { strict: 1 }]],
		["netifaces", [null, { netifaces: {} }]],
		["stun_servers", [null, { stun_servers: [] }]],
		["options", [null, 7]],
		["options", [{ families: [4] }, { strict: true }]],
		["deps", [null, {}, null]],
		["deps.clock.now", [null, {}, { clock: { now: 5 } }]],
		["deps.lookup", [null, {}, { lookup: () => [] }]],
	])("names a wrong %s", (argument, args) => {
		expect(() => make(...args)).toThrow(argumentError(argument));
	});

	it("says which option was probably meant", () => {
		expect(() => make("eth0", { stun_servers: [] })).toThrow('did you mean "stunServers"?');
		expect(() => make("eth0", { timeuot: 1 })).toThrow('did you mean "timeout"?');
	});
});

describe("calls of an interface", () => {
	const made = Interface.fromJSON(dictionary());

	it.each<[string, "start" | "loadNat" | "refresh", unknown]>([
		["signal", "start", { signal: 5 }],
		["timeout", "start", { timeout: "3000" }],
		["options", "start", 5],
		["timeuot", "loadNat", { timeuot: 5 }],
		["signal", "loadNat", { signal: {} }],
		["event.changes", "refresh", { event: {} }],
		["event.snapshot.platform", "refresh", { event: { changes: [], cause: "change", snapshot: {} } }],
		["event.changes[0].type", "refresh", { event: { changes: [{}], cause: "change", snapshot: {} } }],
	])("name a wrong %s of %s()", async (argument, method, options) => {
		await expect(loosely(made[method], made, options)).rejects.toEqual(argumentError(argument));
	});

	it.each([2, 10, "4", null, Number.NaN, {}])("name the family where it is %s", (af) => {
		for (const method of [made.route, made.routes, made.nic, made.isDefault]) {
			expect(() => loosely(method, made, af)).toThrow(argumentError("af"));
		}
		expect(() => loosely(made.setNat, made, { type: 5, delta: { type: 6, value: 0 } }, af)).toThrow(
			argumentError("af"),
		);
	});
});

describe("lists of NICs", () => {
	const sent = { families: [], nat: false } as const;

	it("take P2PD's positional forms", async () => {
		const quiet = { netifaces: () => netifaces, env: { P2PD_STUN_SERVERS: "127.0.0.1:1" } };
		const offline = { observe: async () => Promise.reject(new Error("nothing is observed")) };
		const loaded = await loadInterfaces({ names: ["eth1"], netifaces, ...sent });
		expect(loaded.map(({ name }) => name)).toEqual(["eth1"]);
		const byName = await loadInterfaces(["eth1"], { ...quiet, ...offline });
		expect(byName.map(({ name }) => name)).toEqual(["eth1"]);
		const byNetifaces = await loadInterfaces(netifaces, { ...quiet, ...offline });
		expect(byNetifaces.map(({ name }) => name)).toEqual(["eth0", "eth1"]);
		expect((await listInterfaces(netifaces)).map(({ name }) => name)).toEqual(["eth0", "eth1"]);
	});

	it.each<[string, unknown]>([
		["names", "eth0"],
		["names[0]", [7]],
		["options", 7],
		["if_names", { if_names: ["eth0"] }],
		["nat", { nat: 0 }],
		["signal", { signal: 5 }],
		["stunServers[0]", { stunServers: [null] }],
	])("name a wrong %s of loadInterfaces()", async (argument, options) => {
		await expect(loosely(loadInterfaces, null, options)).rejects.toEqual(argumentError(argument));
	});

	it.each<[string, unknown, readonly unknown[]]>([
		["netifaces", listInterfaces, [{ netifaces: [] }]],
		["timeout", initP2pd, [{ timeout: Number.NaN }]],
		["deps.enumerate", initP2pd, [{}, { enumerate: 5 }]],
		["signal", enumerateInterfaces, [{ signal: 5 }]],
	])("name a wrong %s", async (argument, fn, args) => {
		await expect(loosely(fn, null, ...args)).rejects.toEqual(argumentError(argument));
	});

	it("name a wrong argument of Netifaces, watches and diffs", async () => {
		expect(() => loosely(netifaces.get, netifaces, 5)).toThrow(argumentError("name"));
		expect(() => loosely(netifaces.defaultNic, netifaces, 5)).toThrow(argumentError("af"));
		expect(() => loosely(netifaces.take, netifaces, {})).toThrow(argumentError("snapshot.platform"));
		await expect(loosely(netifaces.look, netifaces, { maxAge: "1" })).rejects.toEqual(
			argumentError("maxAge"),
		);
		expect(() => Reflect.construct(Netifaces, [])).toThrow(argumentError("enumerate"));
		expect(() => loosely(watchInterfaces, null, { interval: 0 })).toThrow(argumentError("interval"));
		expect(() => loosely(diffSnapshots, null, snapshot([eth0]), null)).toThrow(argumentError("after"));
		expect(() => loosely(Interface.list, Interface, 5)).toThrow(argumentError("deps"));
	});
});

describe("Interface.fromJSON()", () => {
	const range = { ip: "10.0.0.5", cidr: 32, af: 4 };
	const six = { ip: "2001:4860::1", cidr: 128, af: 6 };
	const jsonError = (path: string) => expect.objectContaining({ code: "ERR_NETIF_JSON", path });

	it.each<[string, object]>([
		["rp.4", { rp: { "4": [{ af: 6, nic_ips: [six], ext_ips: [six] }] } }],
		["rp.4", { rp: { "4": [{ af: 4, nic_ips: [range], ext_ips: [{ ip: "8.8.8.8", cidr: 1, af: 4 }] }] } }],
		["rp.constructor", { rp: { constructor: [] } }],
		["rp.__proto__", { rp: JSON.parse('{ "__proto__": [] }') }],
		["rp.toString", { rp: { toString: [] } }],
		["rp.7", { rp: { "7": [] } }],
		["nat_by_af.constructor", { nat_by_af: { constructor: null } }],
		["nat.delta.value", { nat: { type: 5, delta: { type: 6, value: 70_000 } } }],
		["nic_no", { nic_no: -1 }],
		["netiface_index", { netiface_index: 1.5 }],
	])("names %s", (path, change) => {
		expect(() => Interface.fromJSON(dictionary(change))).toThrow(jsonError(path));
	});
});
